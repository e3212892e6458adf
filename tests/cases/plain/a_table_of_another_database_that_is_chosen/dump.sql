-- The exporting tool wrote a schema of its own before every name.
DROP TABLE IF EXISTS `@OTHER@`.`users` ;
CREATE TABLE IF NOT EXISTS `@OTHER@`.`users` (id int primary key, name varchar(20));
INSERT INTO `@OTHER@`.`users` VALUES (1,'FROM DUMP');
