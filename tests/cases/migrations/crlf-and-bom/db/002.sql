-- made on another system
ALTER TABLE users
  ADD rating INT;
UPDATE users SET rating = 5;
DELIMITER //
INSERT INTO log (what) VALUES ('crlf')//
DELIMITER ;
