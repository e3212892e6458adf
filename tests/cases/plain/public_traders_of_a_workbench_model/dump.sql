-- A look-alike of a public sample of traders: names with blanks, every name with its schema.
SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0;
SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0;
SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

-- -----------------------------------------------------
-- Schema traders
-- -----------------------------------------------------
CREATE SCHEMA IF NOT EXISTS `traders` DEFAULT CHARACTER SET latin1 ;
USE `traders` ;

-- -----------------------------------------------------
-- Table `traders`.`customers`
-- -----------------------------------------------------
CREATE TABLE IF NOT EXISTS `traders`.`customers` (
  `id` INT(11) NOT NULL AUTO_INCREMENT,
  `company` VARCHAR(50) NULL DEFAULT NULL,
  `attachments` LONGBLOB NOT NULL,
  PRIMARY KEY (`id`),
  INDEX `company` (`company` ASC))
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS `traders`.`order details` (
  `id` INT(11) NOT NULL AUTO_INCREMENT,
  `customer` INT(11) NULL DEFAULT NULL,
  `unit price` DECIMAL(19,4) NULL DEFAULT '0.0000',
  `order date` DATETIME NULL DEFAULT NULL,
  PRIMARY KEY (`id`),
  INDEX `fk_idx` (`customer` ASC),
  CONSTRAINT `fk_order details_customers`
    FOREIGN KEY (`customer`)
    REFERENCES `traders`.`customers` (`id`)
    ON DELETE NO ACTION
    ON UPDATE NO ACTION)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

USE `traders` ;

-- -----------------------------------------------------
-- Placeholder table for view `traders`.`totals`
-- -----------------------------------------------------
CREATE TABLE IF NOT EXISTS `traders`.`totals` (`company` INT, `total` INT);

DELIMITER $$
USE `traders`$$
CREATE PROCEDURE `traders`.`last orders`(IN n INT)
BEGIN
  SELECT `order details`.`id` FROM `traders`.`order details` ORDER BY `id` DESC LIMIT n;
END$$

DELIMITER ;

-- -----------------------------------------------------
-- View `traders`.`totals`
-- -----------------------------------------------------
DROP TABLE IF EXISTS `traders`.`totals`;
USE `traders`;
CREATE  OR REPLACE VIEW `traders`.`totals` AS SELECT c.company, SUM(d.`unit price`) AS total FROM `traders`.`customers` c, `traders`.`order details` d WHERE d.customer = c.id GROUP BY c.company;
USE `traders`;

DELIMITER $$
USE `traders`$$
CREATE
TRIGGER `traders`.`details_before`
BEFORE INSERT ON `traders`.`order details`
FOR EACH ROW
BEGIN
  SET NEW.`order date` = COALESCE(NEW.`order date`, '2006-01-01');
END$$

DELIMITER ;

SET SQL_MODE=@OLD_SQL_MODE;
SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS;
SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS;

INSERT INTO customers (`id`, `company`, `attachments`) VALUES (1, 'Firm A', '');
INSERT INTO `order details` (`id`, `customer`, `unit price`, `order date`) VALUES (1, 1, 14, NULL), (2, 1, 3.5, '2006-01-15 00:00:00');
# Done
