INSERT INTO log (what) VALUES ('plain');
