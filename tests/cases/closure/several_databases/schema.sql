CREATE TABLE a (id INT PRIMARY KEY, s_id INT);
CREATE DATABASE `{db}_two`;
CREATE TABLE `{db}_two`.shared (id INT PRIMARY KEY);
CREATE TABLE `{db}_two`.a (id INT PRIMARY KEY, one_id INT);
INSERT INTO a VALUES (1, 5), (2, 6);
INSERT INTO `{db}_two`.shared VALUES (5), (6);
INSERT INTO `{db}_two`.a VALUES (1, 1), (2, 2);
