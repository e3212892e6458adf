-- MariaDB prints the name of a common table expression without doubling its back ticks, and cannot read the view again: it is left out, and the dump goes on.
CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);
CREATE VIEW v AS WITH `a``b` AS (SELECT id FROM t) SELECT id FROM `a``b`;
CREATE VIEW w AS SELECT id FROM t;
