CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(60), UNIQUE KEY folded ((LOWER(email))));
INSERT INTO a VALUES (1, 'a@real.example'), (2, 'b@real.example'), (3, NULL);
