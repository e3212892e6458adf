-- source: mysql-test Bug#13146 (ANSI_QUOTES routine) with "db"."table". expected: under another database name the body refers to that database
CREATE TABLE t(id int primary key); INSERT INTO t VALUES (1);
SET sql_mode='ANSI_QUOTES';
CREATE PROCEDURE p2() SELECT "id" FROM "DB"."t";
CREATE FUNCTION f2() RETURNS int DETERMINISTIC READS SQL DATA RETURN (SELECT count(*) FROM "DB"."t");
CREATE TRIGGER tr2 BEFORE INSERT ON t FOR EACH ROW SET @x = (SELECT count(*) FROM "DB"."t");
