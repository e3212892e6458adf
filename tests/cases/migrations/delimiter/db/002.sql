DELIMITER $$
CREATE PROCEDURE note(IN w VARCHAR(20))
BEGIN
  INSERT INTO log (what) VALUES (CONCAT(w, ';'));
END$$
CREATE TRIGGER users_new BEFORE INSERT ON users FOR EACH ROW
BEGIN
  SET NEW.email = LOWER(NEW.email); -- not the end;
END$$
DELIMITER ;
CALL note('called');
INSERT INTO users (email) VALUES ('B@X');
