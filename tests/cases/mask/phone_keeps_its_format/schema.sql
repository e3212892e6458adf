CREATE TABLE a (id INT PRIMARY KEY, phone VARCHAR(40), own VARCHAR(20), copy VARCHAR(20));
INSERT INTO a VALUES (1, '+1 (212) 444-1234', 'x', '+12124441234'), (2, '030/123456', '0', '030 123456'), (3, NULL, NULL, NULL), (4, '', '', ''), (5, '+353 1 234 5678 ext. Jane', '0', '+35312345678'), (6, '+49 30 1234567', '0', 'call ☎ me');
