CREATE TABLE applications (id INT PRIMARY KEY);
CREATE TABLE producers (id INT PRIMARY KEY, owner_type VARCHAR(20));
CREATE TABLE files (id INT PRIMARY KEY, owner_type VARCHAR(20), owner_id INT);
INSERT INTO applications VALUES (1), (2);
INSERT INTO producers VALUES (1, 'x'), (2, 'y');
INSERT INTO files VALUES (1, 'application', 1), (2, 'producer', 1), (3, 'application', 2), (4, 'producer', 2);
