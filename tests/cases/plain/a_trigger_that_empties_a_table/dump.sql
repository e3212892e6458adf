CREATE TABLE a (id int primary key);
CREATE TABLE waiting (id int primary key);
INSERT INTO waiting VALUES (1),(2),(3);
CREATE TRIGGER tr AFTER INSERT ON a FOR EACH ROW DELETE FROM waiting WHERE id = NEW.id;
INSERT INTO a VALUES (1),(2);
