CREATE TABLE `t` (`id` int primary key, v text);
INSERT INTO `t` VALUES (1,'a
b');
DELIMITER $$
CREATE PROCEDURE p()
BEGIN
 SELECT 1;
END$$
DELIMITER ;
