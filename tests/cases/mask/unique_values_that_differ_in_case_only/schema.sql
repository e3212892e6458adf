CREATE TABLE a (id INT PRIMARY KEY, code VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin UNIQUE, email VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci);
INSERT INTO a VALUES (1, 'aB', 'A@x.test'), (2, 'Ab', 'a@x.test');
