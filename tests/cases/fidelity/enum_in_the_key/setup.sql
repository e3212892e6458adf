CREATE TABLE t (e ENUM('z','a','m'), n INT, PRIMARY KEY (e, n));
INSERT INTO t VALUES ('z', 1), ('a', 1), ('m', 2), ('z', 2);
