SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; CREATE TABLE "q" (id int); INSERT INTO log (what) VALUES ('a\');
