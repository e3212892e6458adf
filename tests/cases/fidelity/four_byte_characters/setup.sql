CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(40) CHARACTER SET utf8mb4, KEY (a(3)));
INSERT INTO t VALUES (1, '𝄞 clef 🦀'), (2, 'é e\u0301'), (3, 'Ω'), (4, '');
