CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(60), email_old VARCHAR(60));
CREATE TABLE b (id INT PRIMARY KEY, Email VARCHAR(60));
INSERT INTO a VALUES (1, 'jane@real.example', 'jane@real.example');
INSERT INTO b VALUES (1, 'office@real.example');
