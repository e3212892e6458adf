SET sql_mode = '';
CREATE TABLE t (id int primary key, v varchar(3));
INSERT INTO t VALUES (1, 'long'), (2, 'ok');
