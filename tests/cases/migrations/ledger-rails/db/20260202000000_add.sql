INSERT INTO log (what) VALUES ('rails');
