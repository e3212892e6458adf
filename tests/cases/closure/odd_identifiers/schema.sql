CREATE TABLE `select` (`from` INT PRIMARY KEY, `gen` INT, `edge` INT, `p1` INT, `k` INT);
CREATE TABLE `a.b ``c` (`group by` INT PRIMARY KEY, `q1.v1` INT, `gen` INT);
CREATE TABLE `naïve table` (`ключ` INT PRIMARY KEY, `c` INT);
INSERT INTO `select` VALUES (1, 1, 1, 1, 1), (2, 2, 2, 2, 2);
INSERT INTO `a.b ``c` VALUES (10, 1, 5), (20, 2, 5), (11, 1, 6);
INSERT INTO `naïve table` VALUES (7, 10), (8, 20);
CREATE TABLE `back\slash` (`i\d` INT PRIMARY KEY, `f\k` INT);
INSERT INTO `back\slash` VALUES (1, 1), (2, 2);
