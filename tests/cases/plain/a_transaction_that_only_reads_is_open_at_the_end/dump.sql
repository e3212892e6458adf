SET autocommit = 0;
CREATE TABLE t (id int primary key);
INSERT INTO t VALUES (1),(2);
COMMIT;
SELECT COUNT(*) FROM t;
