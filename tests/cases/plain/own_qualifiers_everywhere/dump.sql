-- Host: localhost    Database: prod
DROP SCHEMA IF EXISTS `prod` ;
CREATE SCHEMA IF NOT EXISTS `prod` DEFAULT CHARACTER SET utf8mb4 ;
USE `prod` ;
CREATE TABLE IF NOT EXISTS `prod`.`t` (`id` int primary key, `prod` int, g int AS (`prod` + 1)) COMMENT = 'prod.t';
CREATE TABLE prod.c (id int primary key, t_id int, CONSTRAINT fk FOREIGN KEY (t_id) REFERENCES `prod`.`t` (id));
CREATE TABLE prod.log (n int);
CREATE INDEX i ON prod.c (t_id, id);
INSERT INTO `prod`.`t` (id, `prod`) VALUES (1, 2), (2, 3);
INSERT INTO prod.c SELECT t.id + 10, prod.t.id FROM prod.t, prod.log AS l RIGHT JOIN (SELECT 1 AS one) x ON 1 = 1;
DELIMITER $$
CREATE DEFINER=`root`@`localhost` TRIGGER `prod`.`tr` AFTER INSERT ON `prod`.`t` FOR EACH ROW BEGIN INSERT INTO prod.log VALUES (NEW.id); UPDATE prod.log SET prod.log.n = n + 1; END $$
CREATE FUNCTION prod.f() RETURNS int DETERMINISTIC READS SQL DATA BEGIN RETURN (SELECT COUNT(*) FROM prod.t WHERE prod.t.id > 0); END $$
CREATE PROCEDURE `prod`.`p`() BEGIN SELECT prod.f() AS n, 'prod.f()' AS w; CALL prod.q(); END $$
CREATE PROCEDURE prod.q() SELECT MAX(id) FROM (SELECT id FROM prod.t UNION ALL SELECT t_id FROM prod.c) AS u $$
DELIMITER ;
CREATE OR REPLACE VIEW prod.v AS SELECT prod.id, prod.f() AS n FROM prod.t AS prod;
INSERT INTO prod.t (id) VALUES (7);
CREATE EVENT prod.e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' ENDS '2032-01-01 00:00:00' DO DELETE FROM prod.log;
CREATE TABLE prod.old LIKE prod.log;
ALTER TABLE prod.old RENAME TO prod.d;
