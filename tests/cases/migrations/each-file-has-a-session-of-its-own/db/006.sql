INSERT INTO log (what) VALUES ("x\n"), ('it\'s');
