CREATE DATABASE IF NOT EXISTS prod; USE prod;
CREATE TABLE t(id int primary key);
USE `prod`;
INSERT INTO t VALUES (1);
use prod ;
INSERT INTO t VALUES (2);
/*!40000 USE `prod` */;
INSERT INTO prod.t VALUES (3);
use prod
INSERT INTO t VALUES (4);
