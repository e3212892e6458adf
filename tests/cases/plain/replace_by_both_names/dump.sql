CREATE TABLE users(id int primary key, name varchar(20));
REPLACE INTO @LIVE@.users VALUES (1,'FROM DUMP');
REPLACE INTO @LIVE@.users VALUES (1,'AGAIN');
