CREATE TABLE t (a INT CHECK (a > 0), b INT, c VARCHAR(9), CONSTRAINT ab CHECK (a < b), CONSTRAINT c_in CHECK (c IN ('x,y', '(', ''')')), CONSTRAINT off CHECK (b > 1000) NOT ENFORCED);
INSERT INTO t VALUES (1, 2, '('), (NULL, NULL, 'x,y');
