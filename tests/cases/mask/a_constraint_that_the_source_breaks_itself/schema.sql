SET check_constraint_checks = 0;
CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(60), CHECK (email LIKE '%@real.example'));
INSERT INTO a VALUES (1, 'a@elsewhere.example');
