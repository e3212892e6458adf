INSERT INTO log (what) SELECT TABLE_NAME FROM information_schema.TABLES LIMIT 1;
INSERT INTO log (what) SELECT log.name FROM mysql.help_topic log;
