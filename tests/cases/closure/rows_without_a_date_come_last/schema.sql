CREATE TABLE a (id INT PRIMARY KEY, at DATETIME NULL, note VARCHAR(5));
INSERT INTO a VALUES (1, NULL, 'x'), (2, '2020-01-01', 'x'), (3, NULL, 'x'), (4, '2021-01-01', 'y'), (5, '2020-01-01', 'x');
