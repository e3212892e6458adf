CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
CREATE USER IF NOT EXISTS 'fromdump'@'%' IDENTIFIED BY 'Xx1!xxxxxx';
GRANT SELECT ON *.* TO 'fromdump'@'%';
FLUSH PRIVILEGES;
