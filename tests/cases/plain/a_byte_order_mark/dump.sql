-- with a mark
CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
