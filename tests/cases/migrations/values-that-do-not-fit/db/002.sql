SET sql_mode = '';
CREATE TABLE IF NOT EXISTS w (v varchar(2));
DROP TABLE IF EXISTS nowhere;
INSERT INTO w VALUES ('long'), ('longer');
