CREATE TABLE a (id INT PRIMARY KEY, status VARCHAR(10), colour ENUM('red','green','blue','secret'), score TINYINT, tier VARCHAR(10));
INSERT INTO a VALUES (1, 'secret', 'secret', 100, 'VIP'), (2, 'x', 'red', 7, 'board'), (3, NULL, NULL, NULL, NULL), (4, '', 'green', 0, ''), (5, 'y', 'blue', 9, 'anybody');
