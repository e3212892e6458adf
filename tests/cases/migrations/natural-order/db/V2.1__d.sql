INSERT INTO log (what) VALUES ('V2.1__d');
