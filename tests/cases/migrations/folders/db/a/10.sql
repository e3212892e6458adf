INSERT INTO log (what) VALUES ('a10');
