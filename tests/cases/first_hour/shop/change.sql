ALTER TABLE users ADD mobile_phone VARCHAR(30);
UPDATE users SET mobile_phone = CONCAT('+1 415 8675309 ', id);
CREATE TABLE vouchers (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, greeting VARCHAR(80));
INSERT INTO vouchers (user_id, greeting) SELECT id, CONCAT('dear Qzx ', id) FROM users;
CREATE TABLE memos (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT);
INSERT INTO memos (body) VALUES ('remember Qzx');
