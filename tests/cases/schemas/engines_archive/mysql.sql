CREATE TABLE ea(id int auto_increment primary key, v varchar(10)) ENGINE=ARCHIVE; INSERT INTO ea VALUES (3,'a'),(10,'z');
CREATE TABLE eb(id int primary key) ENGINE=BLACKHOLE; INSERT INTO eb VALUES (1);
