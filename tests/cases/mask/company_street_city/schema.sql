CREATE TABLE a (id INT PRIMARY KEY, firm VARCHAR(40), street VARCHAR(40) CHARACTER SET latin1, town VARCHAR(30));
INSERT INTO a VALUES (1, 'Roe & Sons Ltd', '7 Real Street', 'Köln'), (2, 'ROE & SONS LTD', 'qq', 'köln '), (3, NULL, NULL, NULL), (4, '', '', '');
