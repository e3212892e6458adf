SELECT COUNT(*) = 3 FROM a JOIN masked_a m USING (id) WHERE ABS(m.salary - a.salary) <= ABS(a.salary) * 0.1 + 0.01
SELECT m.salary <> a.salary AND m.whole <> a.whole AND m.float_one <> a.float_one FROM a JOIN masked_a m USING (id) WHERE id = 1
SELECT COUNT(*) = 3 FROM masked_a WHERE whole BETWEEN 0 AND 4294967295 AND small BETWEEN -127 AND 127
SELECT income = 123000 AND age = 30 AND debt = 500.50 AND lat = 48.1 AND lon = 11.58 AND ST_AsText(place) = 'POINT(12 48)' FROM masked_a WHERE id = 1
SELECT income = 200000 AND age = 20 AND debt = -500.50 AND lat = -33.9 AND lon = 151.21 FROM masked_a WHERE id = 2
SELECT income = -1000 AND age = 80 AND debt = 3.25 FROM masked_a WHERE id = 5
