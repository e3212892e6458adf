CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO t VALUES (1, '{"b": 1, "a": [1.0, -0.0, 1e100, null, true, "x\\"y\\\\z\\n"]}'), (2, '"text"'), (3, 'null'), (4, NULL), (5, '{"ключ": "🦀"}'), (6, '12345678901234567890');
