-- source: own, after TablePlus #1300/mydumper #1144: database named like its main table (microservices: orders.orders), view joins it, column names ambiguous. expected: restores
CREATE TABLE DB(id int primary key, name varchar(10)); CREATE TABLE `lines`(id int primary key, bug_id int, name varchar(10)); INSERT INTO DB VALUES (1,'a'); INSERT INTO `lines` VALUES (7,1,'b');
CREATE VIEW v AS SELECT DB.id, `lines`.id AS lid, DB.name, `lines`.name AS lname FROM DB JOIN `lines` ON `lines`.bug_id = DB.id;
CREATE VIEW v2 AS SELECT DB.id FROM DB WHERE DB.name IN (SELECT name FROM `lines` WHERE `lines`.id = DB.id);
CREATE VIEW v3 AS SELECT x.id, (SELECT max(DB.id) FROM DB WHERE DB.name = x.name) AS m FROM `lines` x;
