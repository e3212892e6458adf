CREATE TABLE t (id INT PRIMARY KEY, s SET('a','b','c d',''''), KEY (s));
INSERT INTO t VALUES (1, 'a,b'), (2, ''), (3, NULL), (4, ''''), (5, 'a,c d,''');
