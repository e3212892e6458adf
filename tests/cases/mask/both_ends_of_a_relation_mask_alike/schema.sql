CREATE TABLE a (email VARCHAR(60) PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY, a_email VARCHAR(60));
INSERT INTO a VALUES ('jane@real.example');
INSERT INTO b VALUES (1, 'Jane@real.example');
