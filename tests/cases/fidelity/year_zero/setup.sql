CREATE TABLE t (id INT PRIMARY KEY, y YEAR);
SET sql_mode = '';
INSERT INTO t VALUES (1, 0), (2, 1901), (3, 2155), (4, NULL), (5, '0000');
