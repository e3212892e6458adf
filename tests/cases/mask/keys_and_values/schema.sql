CREATE TABLE a (id INT PRIMARY KEY, meta_key VARCHAR(20), value VARCHAR(100));
INSERT INTO a VALUES (1, 'email', 'jane@real.example'), (2, 'home_phone', '030 1234567'), (3, NULL, NULL), (4, 'email', ''), (5, 'colour', 'red'), (6, 'other', 'Jane Roe'), (7, NULL, 'Jane Roe');
