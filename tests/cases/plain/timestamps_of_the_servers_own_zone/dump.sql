SET time_zone = '+05:00';
CREATE TABLE t (id int, at timestamp);
INSERT INTO t VALUES (1, '2026-01-01 10:00:00');
SET time_zone = @@global.time_zone;
INSERT INTO t VALUES (2, '2026-01-01 10:00:00');
