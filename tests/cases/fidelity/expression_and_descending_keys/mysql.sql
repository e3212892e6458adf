CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b INT, j JSON, KEY e ((LOWER(a)), b DESC), KEY f ((b + 1)), KEY m ((CAST(j->'$[*]' AS UNSIGNED ARRAY))), KEY hidden (b) INVISIBLE, KEY c (a) COMMENT 'x, KEY `y` (`z`)');
INSERT INTO t VALUES (1, 'A', 2, '[1,2]'), (2, NULL, NULL, '[]');
