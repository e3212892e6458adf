CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
SET @s = 'DROP TABLE IF EXISTS @LIVE@.users'; PREPARE x FROM @s; EXECUTE x;
