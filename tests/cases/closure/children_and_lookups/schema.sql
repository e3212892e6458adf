CREATE TABLE applications (id INT PRIMARY KEY, producer_id INT, created_at DATETIME);
CREATE TABLE producers (id INT PRIMARY KEY);
CREATE TABLE ratings (id INT PRIMARY KEY, app_id INT, KEY (app_id));
INSERT INTO producers VALUES (1), (2), (3);
INSERT INTO applications VALUES (1, 1, '2025-01-01'), (2, 2, '2026-11-01'), (3, 1, '2026-11-02');
INSERT INTO ratings VALUES (10, 1), (20, 2), (30, 3), (31, 3);
