-- The error value reads as an empty text, which one of the columns has as a member too.
SET sql_mode = '';
CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a','b',''), f ENUM('a','b'), g ENUM('x''y','1','0') NOT NULL);
INSERT INTO t VALUES (1, 'a', 'a', '1'), (2, '', 'b', '0'), (3, 'nonsense', 'nonsense', 'x''y'), (4, NULL, NULL, 'zz');
UPDATE t SET e = 0 WHERE id = 3;
