CREATE TABLE people (id INT PRIMARY KEY, firstname VARCHAR(40), lastname VARCHAR(40), fullname VARCHAR(80),
  phonenumber VARCHAR(30), emailaddress VARCHAR(80), zipcode VARCHAR(10), username VARCHAR(40), birth_date VARCHAR(10),
  note TEXT, payload JSON, quiet TEXT);
INSERT INTO people VALUES
  (1, 'a', 'b', 'c', '1', 'x', '1', 'u', '1970-01-01', 'she said: call +49 30 1234567 after six', '{"t": "212-555-0100"}', 'order 2026-11-23 of 12 items'),
  (2, 'a', 'b', 'c', '1', 'x', '1', 'u', '1970-01-01', 'account DE89 3704 0044 0532 0130 00 please', '{"t": "212-555-0101"}', 'version 10.11.4-2026');
