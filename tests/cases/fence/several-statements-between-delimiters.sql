-- One round trip that holds three statements.
DELIMITER $$
SELECT 1; USE @OTHER@; DROP TABLE secrets$$
DELIMITER ;
