CREATE TABLE t (id INT PRIMARY KEY, e ENUM('é','ü') CHARACTER SET latin1, s SET('ß','ñ') CHARACTER SET latin1);
INSERT INTO t VALUES (1, 'é', 'ß,ñ'), (2, 'ü', 'ñ');
