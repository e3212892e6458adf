INSERT INTO log (what) VALUES ('by a command');
