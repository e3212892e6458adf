CREATE TABLE a (id INT PRIMARY KEY, first_name VARCHAR(40), surname VARCHAR(20) CHARACTER SET latin1, who VARCHAR(80));
INSERT INTO a VALUES (1, 'José', 'Müller', 'José Müller'), (2, 'josé ', 'MÜLLER', NULL), (3, '', NULL, '');
