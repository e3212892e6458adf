CREATE TABLE a (id INT PRIMARY KEY, kind VARCHAR(5), b_id VARCHAR(20));
CREATE TABLE b (id VARCHAR(20) PRIMARY KEY);
INSERT INTO b VALUES ('x'), ('y');
INSERT INTO a VALUES (1, 'b', 'x'), (2, 'c', 'x'), (3, 'b', 'y');
