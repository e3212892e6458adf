-- source: mydumper #1144 (trigger and body name the database; restore under another name). expected: trigger works in the other database
CREATE TABLE perftest(id int primary key, val int); CREATE TABLE perftest_2(id int, val int);
INSERT INTO perftest VALUES (1,1);
CREATE TRIGGER DB.perftest_trigger AFTER UPDATE ON DB.perftest FOR EACH ROW INSERT INTO DB.perftest_2 VALUES (old.id,old.val);
