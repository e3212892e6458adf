-- Of kind a the window brings two, of b one, of c none; of region x it brings enough, of NULL it does not.
CREATE TABLE r (id INT PRIMARY KEY, kind VARCHAR(5) NULL, region VARCHAR(5) NULL, at DATE, live TINYINT);
INSERT INTO r VALUES
  (1, 'a', 'x', '2026-11-20', 1), (2, 'a', 'x', '2026-11-19', 1), (3, 'b', 'x', '2026-11-18', 1),
  (4, 'a', 'x', '2020-01-09', 1), (5, 'b', 'x', '2020-01-08', 1), (6, 'b', 'x', '2020-01-07', 1),
  (7, 'c', 'x', '2020-01-06', 1), (8, 'c', 'x', '2020-01-05', 1), (9, 'c', 'x', '2020-01-04', 1),
  (10, NULL, 'x', '2020-01-03', 1), (11, 'a', NULL, '2020-01-02', 1), (12, 'a', NULL, '2020-01-01', 1),
  (13, 'b', 'x', '2020-02-01', 0), (14, 'a', 'y', NULL, 1);
