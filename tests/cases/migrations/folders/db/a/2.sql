INSERT INTO log (what) VALUES ('a2');
