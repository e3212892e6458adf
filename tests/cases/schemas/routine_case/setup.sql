-- source: routine names are case-insensitive (TablePlus #1300 family: renamed database). expected: bug.F3() becomes tgt.F3()
CREATE TABLE t(id int primary key); INSERT INTO t VALUES (1);
CREATE FUNCTION f3() RETURNS int DETERMINISTIC RETURN 3;
CREATE PROCEDURE p3() SELECT DB.F3();
CREATE VIEW v3 AS SELECT DB.F3() AS x;
CREATE FUNCTION f4() RETURNS int DETERMINISTIC RETURN Bug.f3()+1;
