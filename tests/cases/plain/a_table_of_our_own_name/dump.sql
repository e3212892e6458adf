CREATE TABLE refreshkit_refresh (id int primary key);
INSERT INTO refreshkit_refresh VALUES (7);
CREATE TABLE refreshkit_swapped (id int primary key);
