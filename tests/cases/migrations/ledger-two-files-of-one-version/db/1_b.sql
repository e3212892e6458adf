INSERT INTO log (what) VALUES ('y');
