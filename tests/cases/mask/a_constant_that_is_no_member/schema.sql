CREATE TABLE a (id INT PRIMARY KEY, e ENUM('x','it''s'), s SET('a','b'));
