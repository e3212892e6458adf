SELECT COUNT(DISTINCT first_name) = 1 AND COUNT(DISTINCT surname) = 1 FROM masked_a WHERE id < 3
SELECT first_name REGEXP '^[A-Z][a-z]+$' AND surname REGEXP '^[A-Z][a-z]+$' FROM masked_a WHERE id = 1
SELECT who REGEXP '^[A-Z][a-z]+ [A-Z][a-z]+$' FROM masked_a WHERE id = 1
SELECT first_name = '' AND surname IS NULL AND who = '' FROM masked_a WHERE id = 3
