CREATE TABLE `t` (`id` int primary key, v int);
INSERT INTO `t` VALUES (1,1),(2,2);
DELETE FROM `t` WHERE id=2;
