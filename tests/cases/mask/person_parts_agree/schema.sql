CREATE TABLE a (id INT UNSIGNED PRIMARY KEY, first VARCHAR(40), last VARCHAR(40), full_name VARCHAR(80), email VARCHAR(190) UNIQUE, login VARCHAR(60) UNIQUE);
CREATE TABLE b (id INT PRIMARY KEY, customer_id BIGINT, signed_by VARCHAR(80), mail VARCHAR(100));
INSERT INTO a VALUES (1, 'Jane', 'Roe', 'Jane Roe', 'jane@real.example', 'jane'), (2, 'José', 'Müller', 'José Müller', 'jm@real.example', 'jm'), (3, NULL, NULL, NULL, NULL, NULL), (4, '', '', '', '', '');
INSERT INTO b VALUES (1, 1, 'Jane Roe', 'jane@real.example'), (2, 2, 'J. Müller', 'other@real.example'), (3, NULL, 'Somebody', 'some@real.example');
