CREATE TABLE a (id INT PRIMARY KEY, kind CHAR(1));
INSERT INTO a VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'y'), (5, 'y'), (6, 'y');
