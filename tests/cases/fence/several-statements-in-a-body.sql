-- What begins like a procedure is not cut, and is not one.
DELIMITER $$
CREATE PROCEDURE p() SELECT 1; DROP TABLE @OTHER@.secrets$$
DELIMITER ;
