CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b INT, KEY e (a, b DESC), KEY ignored (b) IGNORED, KEY c (a) COMMENT 'x, KEY `y` (`z`)');
INSERT INTO t VALUES (1, 'A', 2), (2, NULL, NULL);
