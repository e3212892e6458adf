-- --------------------------------------------------------
-- Host:                         127.0.0.1
-- Server version:               8.0.30 - MySQL Community Server - GPL
-- Server OS:                    Win64
-- HeidiSQL Version:             12.1.0.6537
-- --------------------------------------------------------

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8 */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;


-- Dumping database structure for shop
DROP DATABASE IF EXISTS `shop`;
CREATE DATABASE IF NOT EXISTS `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci */;
USE `shop`;

-- Dumping structure for table shop.goods
DROP TABLE IF EXISTS `goods`;
CREATE TABLE IF NOT EXISTS `goods` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(50) COLLATE utf8mb4_unicode_ci NOT NULL,
  `picture` mediumblob,
  `changed` timestamp NULL DEFAULT NULL,
  PRIMARY KEY (`id`) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Dumping data for table shop.goods: ~2 rows (approximately)
DELETE FROM `goods`;
INSERT INTO `goods` (`id`, `name`, `picture`, `changed`) VALUES
	(1, 'Tür; \'A\'', _binary 0x89504e470d0a, '2024-01-05 10:00:00'),
	(2, 'Ölkanne', NULL, NULL);

-- Dumping structure for procedure shop.cheap
DROP PROCEDURE IF EXISTS `cheap`;
DELIMITER //
CREATE PROCEDURE `cheap`()
BEGIN
	SELECT name FROM goods WHERE id = 2;
END//
DELIMITER ;

-- Dumping structure for trigger shop.goods_before_insert
DROP TRIGGER IF EXISTS `goods_before_insert`;
SET @OLDTMP_SQL_MODE=@@SQL_MODE, SQL_MODE='ANSI_QUOTES,STRICT_TRANS_TABLES';
DELIMITER //
CREATE TRIGGER `goods_before_insert` BEFORE INSERT ON `goods` FOR EACH ROW BEGIN
	SET NEW."name" = CONCAT(NEW.name, '!');
END//
DELIMITER ;
SET SQL_MODE=@OLDTMP_SQL_MODE;

-- Dumping structure for view shop.names
DROP VIEW IF EXISTS `names`;
-- Creating temporary table to overcome VIEW dependency errors
CREATE TABLE `names` (
	`name` VARCHAR(1) NOT NULL COLLATE 'utf8mb4_unicode_ci'
);
-- Removing temporary table and create final VIEW structure
DROP TABLE IF EXISTS `names`;
CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `names` AS select `shop`.`goods`.`name` AS `name` from `shop`.`goods`;

/*!40103 SET TIME_ZONE=IFNULL(@OLD_TIME_ZONE, 'system') */;
/*!40101 SET SQL_MODE=IFNULL(@OLD_SQL_MODE, '') */;
/*!40014 SET FOREIGN_KEY_CHECKS=IFNULL(@OLD_FOREIGN_KEY_CHECKS, 1) */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40111 SET SQL_NOTES=IFNULL(@OLD_SQL_NOTES, 1) */;
