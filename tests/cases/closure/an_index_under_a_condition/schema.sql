CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY);
CREATE TABLE files (id INT PRIMARY KEY, kind ENUM('a', 'b', 'A&B') NOT NULL, state TINYINT NOT NULL, owner_id INT, `k` INT, KEY o (kind, state, owner_id));
CREATE TABLE pages (id INT PRIMARY KEY, what VARCHAR(3), of_id INT, KEY o (what, of_id));
INSERT INTO a VALUES (1), (2), (3);
INSERT INTO b VALUES (1), (2);
INSERT INTO files VALUES (10, 'a', 1, 1, 0), (11, 'a', 2, 1, 0), (12, 'b', 1, 1, 0), (13, 'a', 1, 2, 0), (14, 'a', 1, NULL, 0), (15, 'A&B', 1, 1, 0);
INSERT INTO pages VALUES (20, 'f', 10), (21, 'f', 10), (22, 'f', 10), (23, 'g', 10), (24, 'f', 13);
