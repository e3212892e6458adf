CREATE DATABASE a1; USE a1;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
CREATE DATABASE b1; USE b1;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (2);
