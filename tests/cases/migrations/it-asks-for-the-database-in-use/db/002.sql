SET @n = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '@LIVE@' AND table_name = 'marker' AND column_name = 'a');
SET @s = IF(@n = 0, 'ALTER TABLE users ADD nick VARCHAR(20)', 'SELECT 1'); PREPARE s FROM @s; EXECUTE s;
