ROLLBACK;
INSERT INTO log (what) VALUES ('two');
