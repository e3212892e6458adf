INSERT INTO log (what) VALUES ('b1');
