INSERT INTO log (what) VALUES ('more');
