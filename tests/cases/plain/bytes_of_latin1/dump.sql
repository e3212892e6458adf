SET NAMES latin1;
CREATE TABLE `t` (`id` int primary key, `v` varchar(20) charset utf8mb4, e enum('né','x') charset latin1, b blob, c varchar(9) charset latin1 default 'ü') COMMENT='café';
INSERT INTO `t` VALUES (1,'café','né','é',default),(2,'plain','x',NULL,'ß');
CREATE VIEW w AS SELECT id, v FROM t WHERE v = 'café';
CREATE PROCEDURE p() SELECT 'naïve' AS x;
