INSERT INTO log (what) VALUES ('1.3');
