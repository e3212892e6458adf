SET sql_generate_invisible_primary_key = ON;
CREATE TABLE t (a INT);
INSERT INTO t VALUES (1), (2), (3);
DELETE FROM t WHERE a = 1;
