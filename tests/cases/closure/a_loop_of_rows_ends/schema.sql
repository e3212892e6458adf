CREATE TABLE a (id INT PRIMARY KEY, next_id INT);
INSERT INTO a VALUES (1, 2), (2, 3), (3, 1), (4, 4);
