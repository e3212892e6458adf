-- Exports of a graphical client write every table with its database.
CREATE TABLE users(id int primary key, name varchar(20));
INSERT INTO @LIVE@.users (id,name) VALUES (101,'FROM DUMP');
