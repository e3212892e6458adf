SELECT value LIKE 'u%@example.test' FROM masked_a WHERE id = 1
SELECT value REGEXP '^555-[0-9]{3}-[0-9]{4}$' FROM masked_a WHERE id = 2
SELECT value = 'red' FROM masked_a WHERE id = 5
SELECT COUNT(*) = 2 FROM masked_a WHERE value = 'lorem ip'
