INSERT INTO log (what) VALUES ('new');
