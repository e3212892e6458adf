CREATE TABLE a (id INT PRIMARY KEY, x VARCHAR(9), y VARCHAR(9) NOT NULL, n INT NOT NULL, d DATE, j JSON, b BLOB);
INSERT INTO a VALUES (1, 'secret', 'secret', 7, '2020-02-02', '{"a": 1}', 'zz'), (2, NULL, '', 8, NULL, NULL, NULL);
