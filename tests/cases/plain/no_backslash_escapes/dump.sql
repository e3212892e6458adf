SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE t (id int primary key, v varchar(20));
INSERT INTO t VALUES (1, 'a\');
CREATE FUNCTION f() RETURNS varchar(20) DETERMINISTIC RETURN 'x\';
SET sql_mode = '';
INSERT INTO t VALUES (2, 'it\'s;');
