INSERT INTO log (what) VALUES ('10');
