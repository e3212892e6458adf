CREATE TABLE `t` (`id` int primary key)\g
INSERT INTO `t` VALUES (1)\G
INSERT INTO `t` VALUES (2)\g INSERT INTO t VALUES (3);
