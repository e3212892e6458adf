SELECT COUNT(*) = 2 FROM masked_a WHERE x IS NULL
SELECT COUNT(*) = 2 FROM masked_a WHERE y = CONCAT('it', CHAR(39), 's ', CHAR(92), ' ok')
SELECT COUNT(*) = 2 FROM masked_a WHERE n = 0
SELECT d = '2000-01-01' AND b = '' AND JSON_LENGTH(j) = 0 FROM masked_a WHERE id = 1
SELECT d IS NULL AND b IS NULL AND j IS NULL FROM masked_a WHERE id = 2
