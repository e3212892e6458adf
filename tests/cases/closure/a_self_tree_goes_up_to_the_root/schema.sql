CREATE TABLE a (id INT PRIMARY KEY, parent_id INT, KEY (parent_id));
INSERT INTO a VALUES (5, NULL), (4, 5), (3, 4), (1, 3), (2, 1), (9, 5);
