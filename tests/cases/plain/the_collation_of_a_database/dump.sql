CREATE DATABASE /*!32312 IF NOT EXISTS*/ `prod` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci */;
USE `prod`;
CREATE TABLE `t` (`id` int primary key, v varchar(10)); INSERT INTO `t` VALUES (1,'x');
