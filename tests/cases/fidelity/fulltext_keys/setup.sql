CREATE TABLE t (id INT PRIMARY KEY, a TEXT, b TEXT, FULLTEXT KEY fa (a), FULLTEXT KEY fb (b), FULLTEXT KEY fab (a, b), KEY p (a(10)));
INSERT INTO t VALUES (1, 'the quick brown fox', 'jumps'), (2, 'lazy dog', NULL);
