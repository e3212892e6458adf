SET time_zone = '+09:00', sql_mode = '';
INSERT INTO log (what) VALUES ('after the lock');
