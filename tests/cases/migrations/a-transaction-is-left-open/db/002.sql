SET autocommit = 0; CREATE TABLE b (id int); INSERT INTO b VALUES (1);
