CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(60) CHARACTER SET utf8mb4 UNIQUE, copy VARCHAR(40) CHARACTER SET latin1, plain VARBINARY(60));
INSERT INTO a VALUES (1, 'Jane.Roe@Real.example', 'jane.roe@real.EXAMPLE ', 'Jane.Roe@Real.example'), (2, 'zoë@real.example', 'zoë@real.example', 'x'), (3, NULL, NULL, NULL), (4, '', '', ''), (5, 'b@real.example', 'b@real.example', 'y');
