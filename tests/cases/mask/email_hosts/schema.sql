CREATE TABLE a (id INT PRIMARY KEY, shop VARCHAR(60) UNIQUE, own VARCHAR(100) UNIQUE);
INSERT INTO a VALUES (1, 'jane@real.example', 'jane@Agency.example'), (2, 'JANE2@real.example', 'no address'), (3, NULL, NULL), (4, '', ''), (5, 'Jane', '@Jane Roe'), (6, 'Roe', 'jane@roe@x.example');
