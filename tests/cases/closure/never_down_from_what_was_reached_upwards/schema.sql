CREATE TABLE applications (id INT PRIMARY KEY, producer_id INT);
CREATE TABLE producers (id INT PRIMARY KEY);
CREATE TABLE licences (id INT PRIMARY KEY, producer_id INT);
INSERT INTO producers VALUES (1), (2);
INSERT INTO applications VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO licences VALUES (7, 1), (8, 2);
