CREATE TABLE a (id INT PRIMARY KEY, plate VARCHAR(20) CHARACTER SET latin1, note TEXT);
INSERT INTO a VALUES (1, 'M-AB 1234', 'José Müller, 12 Straße 👍'), (2, 'x', 'שלום 42'), (3, NULL, NULL), (4, '', '');
