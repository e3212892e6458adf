-- source: own: tables and a view that are called like what a refresh writes down, with a trigger and a view on them. expected: same, also put back
CREATE TABLE refreshkit_refresh (name VARCHAR(64) PRIMARY KEY, value LONGTEXT NOT NULL);
INSERT INTO refreshkit_refresh VALUES ('plan', '{}');
CREATE TABLE refreshkit__refresh (id INT PRIMARY KEY); INSERT INTO refreshkit__refresh VALUES (2);
CREATE TABLE refreshkit_previous (id INT PRIMARY KEY, name VARCHAR(64), FOREIGN KEY (name) REFERENCES refreshkit_refresh (name));
INSERT INTO refreshkit_previous VALUES (1, 'plan');
CREATE TABLE refreshkit_kept_00_0 (id INT PRIMARY KEY); INSERT INTO refreshkit_kept_00_0 VALUES (7);
CREATE TABLE log (what VARCHAR(64));
CREATE TRIGGER ` ON ``x`` !` AFTER INSERT ON refreshkit_refresh FOR EACH ROW INSERT INTO log VALUES (NEW.name);
CREATE TRIGGER second AFTER INSERT ON refreshkit_refresh FOR EACH ROW FOLLOWS ` ON ``x`` !` INSERT INTO log VALUES ('second');
CREATE VIEW refreshkit_swapped AS SELECT r.name, p.id FROM refreshkit_refresh r JOIN refreshkit_previous p ON p.name = r.name;
CREATE VIEW over_it AS SELECT id FROM refreshkit_swapped;
