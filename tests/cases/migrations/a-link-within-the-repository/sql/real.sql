INSERT INTO log (what) VALUES ('linked');
