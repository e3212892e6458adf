CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY);
CREATE TABLE notes (id INT PRIMARY KEY, owner_type VARCHAR(9), owner_id INT);
INSERT INTO a VALUES (1), (2);
INSERT INTO b VALUES (1), (2);
INSERT INTO notes VALUES (1, 'a', 1), (2, 'b', 1), (3, 'a', 2), (4, 'b', 2), (5, 'c', 1);
