DROP TABLE IF EXISTS @LIVE@.users;
CREATE TABLE @LIVE@.users(id int primary key, name varchar(20));
INSERT INTO users VALUES (5, 'new');
