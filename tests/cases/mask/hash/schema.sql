CREATE TABLE a (id INT PRIMARY KEY, token VARCHAR(64), small VARCHAR(16), num BIGINT UNIQUE, narrow INT, named VARCHAR(40), bin BINARY(32));
INSERT INTO a VALUES (1, 'abc', 'abc', 5, 5, 'abc', REPEAT('x', 32)), (2, 'ABC ', 'x', 6, 6, 'x', REPEAT('y', 32)), (3, NULL, NULL, NULL, NULL, NULL, NULL);
