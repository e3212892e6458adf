CREATE TABLE a (id INT PRIMARY KEY, card VARCHAR(30), iban VARCHAR(34), latin VARCHAR(20) CHARACTER SET latin1, tail CHAR(20));
INSERT INTO a VALUES (1, '4111111111111111', 'DE89370400440532013000', 'Müller', '👍👍👍👍abc'), (2, '1234567', 'x', 'Zoë', 'שלום עולם'), (3, NULL, NULL, NULL, NULL), (4, '', '', '', '');
