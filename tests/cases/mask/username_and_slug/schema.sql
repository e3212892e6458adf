CREATE TABLE a (id INT PRIMARY KEY, login VARCHAR(80) UNIQUE, short VARCHAR(17) CHARACTER SET ascii UNIQUE, slug VARCHAR(190) UNIQUE);
CREATE TABLE b (id INT PRIMARY KEY, login VARCHAR(40));
INSERT INTO a VALUES (1, 'jane.roe', 'jroe', 'about-jane-roe'), (2, 'Øyvind', 'oy', 'x'), (3, NULL, NULL, NULL), (4, '', '', '');
INSERT INTO b VALUES (1, 'Jane.Roe'), (2, 'nobody');
