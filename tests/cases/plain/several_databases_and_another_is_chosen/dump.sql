USE a1;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
USE b1;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
