CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(24));
INSERT INTO a VALUES (1, 'jane@real.example');
