CREATE TABLE `t` (`id` int primary key); INSERT INTO `t` VALUES (1);
USE prod;
ALTER DATABASE `prod` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;
CREATE FUNCTION f(a varchar(10)) RETURNS varchar(10) DETERMINISTIC RETURN a;
ALTER DATABASE `prod` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci ;
