INSERT INTO log (what) VALUES ('phinx');
