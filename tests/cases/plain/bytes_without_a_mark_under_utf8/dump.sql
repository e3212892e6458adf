SET NAMES utf8mb4;
CREATE TABLE `t` (`id` int primary key, b blob, v varbinary(9));
INSERT INTO `t` VALUES (1,'ÿ\0þ\'',_binary 'é');
