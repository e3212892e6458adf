CREATE TABLE p (x INT, y INT, PRIMARY KEY (x, y));
CREATE TABLE c (id INT PRIMARY KEY, x INT, y INT);
INSERT INTO p VALUES (2, 0), (0, 0), (1, 1);
INSERT INTO c VALUES (1, 2, 0), (2, 1, 1), (3, 0, 0), (4, -1, 0), (5, 2, 9);
