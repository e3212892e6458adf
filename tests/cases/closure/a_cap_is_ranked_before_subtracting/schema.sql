CREATE TABLE policies (id INT PRIMARY KEY);
CREATE TABLE claims (id INT PRIMARY KEY, policy_id INT, at DATE, first_claim INT);
INSERT INTO policies VALUES (1), (2);
INSERT INTO claims VALUES (1, 1, '2026-01-01', NULL), (2, 1, '2026-01-02', NULL), (3, 1, '2026-01-03', 1), (4, 1, '2026-01-03', NULL), (5, 2, '2026-01-01', NULL);
