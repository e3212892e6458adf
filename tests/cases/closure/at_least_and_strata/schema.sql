CREATE TABLE a (id INT PRIMARY KEY, at DATETIME NULL, kind VARCHAR(9));
INSERT INTO a VALUES (1, '2020-01-01', 'rare'), (2, '2021-01-01', 'rare'), (3, '2026-01-01', 'x'), (4, '2026-11-20', 'x'), (5, '2026-01-01', 'x'), (6, NULL, 'x'), (7, '2025-01-01', NULL);
