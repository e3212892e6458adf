/*!40101 SET NAMES latin1 */; CREATE TABLE a (id int);
