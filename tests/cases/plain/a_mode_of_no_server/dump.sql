SET sql_mode = 'MODE_OF_NOBODY';
CREATE TABLE t (id int primary key);
