-- A look-alike of a public sample of films: a schema by hand, Workbench's head, db.table here and there.
SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0;
SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0;
SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='TRADITIONAL';
DROP SCHEMA IF EXISTS films;
CREATE SCHEMA films DEFAULT CHARACTER SET utf8mb4 ;
USE films;

CREATE TABLE IF NOT EXISTS `films`.`language` (
  `language_id` TINYINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `name` CHAR(20) NOT NULL,
  `last_update` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`language_id`))
ENGINE = InnoDB;

CREATE TABLE film (
  film_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  title VARCHAR(128) NOT NULL,
  description TEXT DEFAULT NULL,
  release_year YEAR DEFAULT NULL,
  language_id TINYINT UNSIGNED NOT NULL,
  rental_rate DECIMAL(4,2) NOT NULL DEFAULT 4.99,
  rating ENUM('G','PG','PG-13','R','NC-17') DEFAULT 'G',
  special_features SET('Trailers','Commentaries','Deleted Scenes') DEFAULT NULL,
  PRIMARY KEY  (film_id),
  KEY idx_title (title),
  CONSTRAINT `fk_film_language` FOREIGN KEY (language_id) REFERENCES `films`.`language` (language_id) ON DELETE RESTRICT ON UPDATE CASCADE
)ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE film_text (
  film_id SMALLINT NOT NULL,
  title VARCHAR(255) NOT NULL,
  description TEXT,
  PRIMARY KEY  (film_id),
  FULLTEXT KEY idx_title_description (title,description)
)ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

DELIMITER ;;
CREATE TRIGGER `ins_film` AFTER INSERT ON `film` FOR EACH ROW BEGIN
    INSERT INTO film_text (film_id, title, description)
        VALUES (new.film_id, new.title, new.description);
  END;;
CREATE TRIGGER `upd_film` AFTER UPDATE ON `film` FOR EACH ROW BEGIN
    IF (old.title != new.title) OR (old.description != new.description)
    THEN
        UPDATE film_text SET title=new.title WHERE film_id=old.film_id;
    END IF;
  END;;
DELIMITER ;

-- View structure
CREATE DEFINER=CURRENT_USER SQL SECURITY INVOKER VIEW film_list AS
SELECT film.film_id AS FID, film.title AS title, language.name AS lang, GROUP_CONCAT(CONCAT(UCASE(SUBSTR(film.title,1,1)), LCASE(SUBSTR(film.title,2))) SEPARATOR ', ') AS shown
FROM film JOIN films.language ON film.language_id = language.language_id GROUP BY film.film_id, film.title, language.name;

DELIMITER //
CREATE FUNCTION film_count(p_language INT) RETURNS INT
    READS SQL DATA
BEGIN
  DECLARE v_n INT;
  SELECT COUNT(*) INTO v_n FROM films.film WHERE film.language_id = p_language;
  RETURN v_n;
END //
CREATE PROCEDURE rate(IN p_rate DECIMAL(4,2), OUT p_n INT)
READS SQL DATA
COMMENT 'Films that cost so much; it''s a sample'
proc: BEGIN
    IF p_rate < 0 THEN SELECT 'never'; LEAVE proc; END IF;
    SELECT COUNT(*) INTO p_n FROM film WHERE rental_rate >= p_rate;
END //
DELIMITER ;

SET AUTOCOMMIT=0;
INSERT INTO language VALUES (1,'Sprache','2006-02-15 05:02:19'),(2,'Langue','2006-02-15 05:02:19');
COMMIT;
INSERT INTO films.film VALUES (1,'A STORY','It''s about \'films\'; \\ and -- more',2006,1,0.99,'PG','Deleted Scenes,Trailers'),
(2,'NO END',NULL,NULL,2,4.99,'NC-17',NULL);
COMMIT;

SET SQL_MODE=@OLD_SQL_MODE;
SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS;
SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS;
