INSERT INTO log (what) VALUES ('laravel');
