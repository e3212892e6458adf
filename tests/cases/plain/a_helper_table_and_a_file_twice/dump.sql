CREATE TABLE `h` (`id` int primary key); INSERT INTO `h` VALUES (1),(2);
DROP TABLE IF EXISTS `t`; CREATE TABLE `t` (`id` int primary key); INSERT INTO `t` VALUES (1);
DROP TABLE IF EXISTS `t`; CREATE TABLE `t` (`id` int primary key); INSERT INTO `t` VALUES (1);
DROP TABLE `h`;
