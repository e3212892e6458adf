CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(25), UNIQUE KEY address (email));
