CREATE TABLE @LIVE@.u (id int primary key, value int);
INSERT INTO @LIVE@.u (id, value) VALUES (7, 8);
CREATE TABLE t (id int primary key, value int);
INSERT INTO @LIVE@.t (id, value) SELECT id, value FROM @LIVE@.u;
DELETE FROM x USING @LIVE@.u AS x;
