-- source: mysqld cross-db views; FK to a table of another database. expected: FK kept or said; view of another database left out with a warning, nothing silently wrong
CREATE DATABASE IF NOT EXISTS DB_2; CREATE TABLE IF NOT EXISTS DB_2.o(id int primary key); 
CREATE TABLE l(id int primary key, o int, CONSTRAINT x FOREIGN KEY(o) REFERENCES DB_2.o(id));
CREATE VIEW vx AS SELECT * FROM DB_2.o;
CREATE VIEW vy AS SELECT l.id FROM l JOIN vx;
CREATE PROCEDURE px() SELECT * FROM DB_2.o;
CREATE TRIGGER tx BEFORE INSERT ON l FOR EACH ROW SET @n=(SELECT count(*) FROM DB_2.o);
