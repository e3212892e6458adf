CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(60) CHECK (email LIKE '%@%'), age INT, born DATE, CONSTRAINT grown CHECK (age >= 18 AND born > '1900-01-01'), doc JSON CHECK (JSON_VALID(doc)));
INSERT INTO a VALUES (1, 'a@real.example', 40, '1986-01-01', '{"a": 1}'), (2, NULL, NULL, NULL, NULL);
