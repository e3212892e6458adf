CREATE TABLE refreshkit_refresh (id int);
