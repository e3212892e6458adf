CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE link (a_id INT, tag_id INT, PRIMARY KEY (a_id, tag_id), KEY (tag_id));
CREATE TABLE tags (id INT PRIMARY KEY);
INSERT INTO a VALUES (1), (2);
INSERT INTO tags VALUES (1), (2), (3);
INSERT INTO link VALUES (1, 1), (1, 2), (2, 2), (2, 3);
