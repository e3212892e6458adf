SELECT COUNT(*) = 2 FROM masked_a WHERE token REGEXP '^[0-9a-f]{32}$'
SELECT COUNT(DISTINCT token) = 1 FROM masked_a
SELECT small = LEFT(token, 16) FROM masked_a WHERE id = 1
SELECT named = CONCAT('cust-', LEFT(token, 20)) FROM masked_a WHERE id = 1
SELECT COUNT(*) = 2 FROM masked_a WHERE num > 1000 AND narrow > 1000
SELECT COUNT(*) = 2 FROM masked_a WHERE CAST(bin AS CHAR) REGEXP '^[0-9a-f]{32}$'
SELECT num IS NULL AND narrow IS NULL AND token IS NULL FROM masked_a WHERE id = 3
