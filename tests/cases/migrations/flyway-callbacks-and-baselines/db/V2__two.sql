INSERT INTO log (what) VALUES ('2');
