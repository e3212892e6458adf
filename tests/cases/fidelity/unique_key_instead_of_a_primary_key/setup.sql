CREATE TABLE t (a INT NOT NULL, b VARCHAR(5) NOT NULL, c INT, UNIQUE KEY uc (c), UNIQUE KEY ab (a, b), KEY (c, a));
INSERT INTO t VALUES (1, 'x', NULL), (1, 'y', NULL), (0, 'z', 1);
