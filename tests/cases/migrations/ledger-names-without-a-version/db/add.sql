INSERT INTO log (what) VALUES ('x');
