CREATE TABLE t (id INT PRIMARY KEY, a TEXT);
INSERT INTO t VALUES (1, 'it''s'), (2, 'back\\slash'), (3, CONCAT('tab', CHAR(9), 'nl', CHAR(10), 'cr', CHAR(13), 'z', CHAR(26), 'nul', CHAR(0), 'end')), (4, '\\'), (5, "a\"b"), (6, '%_\\%\\_'), (7, ');\nDROP TABLE t;\n-- '), (8, '/*!50000 x */'), (9, 'DELIMITER //\nx//');
