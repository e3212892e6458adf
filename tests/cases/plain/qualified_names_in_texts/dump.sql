CREATE TABLE `t` (`id` int primary key COMMENT 'see `@LIVE@`.`users`');
INSERT INTO `t` VALUES (1);
CREATE PROCEDURE p() SELECT 'call `@LIVE@`.`x`' AS a;
