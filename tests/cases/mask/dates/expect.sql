SELECT MAX(born) - INTERVAL 1 DAY = MIN(born) AND TIMESTAMPDIFF(SECOND, MIN(seen), MAX(seen)) = 2592000 AND DATEDIFF(MIN(seen), MIN(born)) = DATEDIFF('2026-11-23', '1980-02-29') FROM masked_a WHERE person = 7
SELECT COUNT(*) = 2 FROM a JOIN masked_a m USING (id) WHERE a.person = 7 AND ABS(DATEDIFF(a.born, m.born)) BETWEEN 1 AND 180 AND DAYOFWEEK(a.stamp) = DAYOFWEEK(m.stamp) AND TIME(a.seen) = TIME(m.seen)
SELECT CAST(born AS CHAR) = '0000-00-00' AND CAST(year_only AS CHAR) = '0000-00-00' FROM masked_a WHERE id = 4
SELECT CAST(born AS CHAR) = '9999-12-31' AND CAST(year_only AS CHAR) = '9999-12-31' FROM masked_a WHERE id = 5
SELECT CAST(born AS CHAR) = '1980-01-01' AND CAST(year_only AS CHAR) = '1980-01-01' FROM masked_a WHERE id = 6
SELECT CAST(year_only AS CHAR) = '1980-01-01' AND CAST(quarter AS CHAR) = '2026-10-01 00:00:00' AND DAY(month) = 1 AND MONTH(month) = 11 FROM masked_a WHERE id = 1
SELECT CAST(year_only AS CHAR) = '0001-01-01' AND CAST(quarter AS CHAR) = '2026-01-01 00:00:00' FROM masked_a WHERE id = 2
