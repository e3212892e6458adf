/*!40000 USE `@OTHER@` */;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
