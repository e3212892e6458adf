INSERT INTO log (what) VALUES ('x');
USE mysql;
