CREATE TABLE a (id INT PRIMARY KEY, payload JSON, email VARCHAR(100) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(payload, '$.email'))) STORED, KEY (email));
INSERT INTO a (id, payload) VALUES (1, '{"email": "jane@real.example"}'), (2, '{"email": "joe@real.example"}'), (3, NULL);
