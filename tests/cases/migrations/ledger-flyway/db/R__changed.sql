INSERT INTO log (what) VALUES ('repeatable');
