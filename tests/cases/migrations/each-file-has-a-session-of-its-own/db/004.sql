INSERT INTO users VALUES (2, 'café');
