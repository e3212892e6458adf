INSERT INTO log (what) VALUES ('V2__b');
