CREATE TABLE @LIVE@ (id int primary key, name varchar(20), at date);
INSERT INTO @LIVE@ (id, name, at) VALUES (1, 'a', '2026-01-01');
INSERT INTO @LIVE@ (id, name) VALUES (1, 'z') ON DUPLICATE KEY UPDATE @LIVE@.name = VALUES(name);
INSERT INTO log (what) SELECT EXTRACT(YEAR FROM @LIVE@.at) FROM @LIVE@;
