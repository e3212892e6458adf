CREATE TABLE a (id INT PRIMARY KEY, body TEXT, short VARCHAR(12) CHARACTER SET latin1);
INSERT INTO a VALUES (1, 'mail Jane.Roe+x@Real.example or zoë@real.example, call +1 (212) 444-1234 or 030/1234567, IBAN DE89 3704 0044 0532 0130 00, card 4111-1111-1111-1111.', 'a@b.example'),
 (2, 'cmVhbGphbmVAcmVhbC5leGFtcGxlIGZvciB5b3U= and jane%40real.example, born 1980-02-29, order 123', '1234567'),
 (3, NULL, NULL), (4, '', ''), (5, CONCAT(REPEAT('x', 49990), ' real@real.example and more'), 'plain'), (6, REPEAT('ab1@', 5000), 'x');
