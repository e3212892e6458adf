-- A look-alike of an export of DBeaver: DDL and rows, each name with its database.
-- notes.people definition

CREATE TABLE `people` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(100) DEFAULT NULL,
  `doc` json DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO notes.people (name,doc) VALUES
	 ('O''Neil','{"a": [1, 2]}'),
	 ('back\\slash
and a line',NULL);
