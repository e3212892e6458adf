CREATE TABLE a (id INT PRIMARY KEY, kind INT);
CREATE TABLE events (a_id INT, b_id INT, what VARCHAR(10));
CREATE TABLE b (id INT PRIMARY KEY);
INSERT INTO a VALUES (1, 1), (2, 1);
INSERT INTO b VALUES (7), (8), (9);
INSERT INTO events VALUES (1, 7, 'x'), (1, 7, 'x'), (2, 8, 'x'), (1, NULL, 'y');
