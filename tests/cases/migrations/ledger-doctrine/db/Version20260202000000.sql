INSERT INTO log (what) VALUES ('doctrine');
