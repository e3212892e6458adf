CREATE TABLE a (id INT PRIMARY KEY, customer_id INT, name VARCHAR(40));
