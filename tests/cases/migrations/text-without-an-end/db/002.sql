SELECT 1;
INSERT INTO log (what) VALUES ('oops);
