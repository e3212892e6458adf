SET NAMES latin1;
CREATE TABLE `té` (`né` int, b varchar(20));
INSERT INTO `té` VALUES (1, NULL);
DELIMITER ;;
CREATE FUNCTION `fé`(`pé` int) RETURNS varchar(40) CHARSET utf8mb4 DETERMINISTIC COMMENT 'cé' RETURN CONCAT('é', _latin1'é', `pé`) ;;
CREATE TRIGGER `tré` BEFORE INSERT ON `té` FOR EACH ROW SET NEW.b = CONCAT(HEX('é'), HEX(_latin1'é')) ;;
DELIMITER ;
CREATE VIEW `vé` AS SELECT `né` AS `xé`, HEX('é') AS y, HEX(_latin1'é') AS z FROM `té`;
