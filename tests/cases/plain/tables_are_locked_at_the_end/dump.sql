CREATE TABLE `t` (`id` int primary key); CREATE TABLE `u` (`id` int primary key); INSERT INTO `u` VALUES (1);
LOCK TABLES `t` WRITE;
INSERT INTO `t` VALUES (1);
