INSERT INTO log (what) VALUES ('V1__a');
