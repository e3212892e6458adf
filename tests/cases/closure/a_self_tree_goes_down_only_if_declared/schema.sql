CREATE TABLE a (id INT PRIMARY KEY, parent_id INT);
INSERT INTO a VALUES (5, NULL), (1, 5), (2, 1), (3, 2), (4, 3), (9, 5);
