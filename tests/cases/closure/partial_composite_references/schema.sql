CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE o (region CHAR(2), id INT, a_id INT, PRIMARY KEY (region, id));
CREATE TABLE l (id INT PRIMARY KEY, region CHAR(2), o_id INT);
INSERT INTO a VALUES (1), (2);
INSERT INTO o VALUES ('eu', 1, 1), ('us', 1, 2), ('us', 2, 1);
INSERT INTO l VALUES (1, 'eu', 1), (2, 'us', 1), (3, NULL, 1), (4, 'us', NULL), (5, 'us', 2), (6, 'zz', 9);
