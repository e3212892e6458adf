CREATE TABLE `t` (`id` int primary key COMMENT 'DEFINER=`a`@`b` is dropped');
INSERT INTO `t` VALUES (1);
CREATE DEFINER=`x`@`y` PROCEDURE p() SELECT 'CREATE DEFINER=`a`@`b` VIEW' AS a /* DEFINER=`a`@`b` */;
