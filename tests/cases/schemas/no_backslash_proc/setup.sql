-- source: mysql-test Bug#13146 family / NO_BACKSLASH_ESCAPES routine that qualifies its database after a '\' literal. expected: under another database name the body refers to that database
CREATE TABLE t(id int primary key); INSERT INTO t VALUES (1);
SET sql_mode='NO_BACKSLASH_ESCAPES';
DELIMITER ;;
CREATE PROCEDURE p1() BEGIN SELECT '\', id FROM DB.t; SELECT 'x' FROM `DB`.`t`; END;;
CREATE FUNCTION f1() RETURNS int DETERMINISTIC READS SQL DATA RETURN (SELECT count(*) FROM DB.t WHERE '\'<>'a')
;;
DELIMITER ;
