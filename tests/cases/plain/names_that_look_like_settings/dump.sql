CREATE TABLE `global_settings` (`id` int primary key); INSERT INTO `global_settings` VALUES (7);
CREATE TABLE `t` (`id` int primary key, g int, w text);
SET @g = (SELECT MAX(id) FROM global_settings), @w = 'SET SQL_LOG_BIN GTID_PURGED';
INSERT INTO `t` VALUES (1,@g,@w);
