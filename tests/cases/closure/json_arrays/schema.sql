CREATE TABLE a (id INT PRIMARY KEY, tags TEXT);
CREATE TABLE tags (id INT PRIMARY KEY);
INSERT INTO tags VALUES (1), (2), (3), (4);
INSERT INTO a VALUES (1, '[1, "3", 99, null, "x"]'), (2, '[2]'), (3, 'not json'), (4, NULL), (5, '');
