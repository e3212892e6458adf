CREATE TABLE t(id int primary key);
TRUNCATE @LIVE@.users;
DELETE FROM @OTHER@.users;
UPDATE @LIVE@.keepme SET id=99;
