-- source: mysqld cross-db views (mysql-test Bug#20221); everyday: a view of app reads `shared`.countries. expected (lib/dump/README): view left out with a warning, the rest restores
CREATE DATABASE DB_2; CREATE TABLE DB_2.countries(id int primary key); CREATE TABLE t(id int primary key); INSERT INTO t VALUES (1);
CREATE VIEW vshared AS SELECT c.id FROM DB_2.countries c;
CREATE VIEW vboth AS SELECT t.id FROM t JOIN DB_2.countries c ON c.id = t.id;
