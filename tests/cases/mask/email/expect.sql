SELECT COUNT(*) = 3 FROM masked_a WHERE email REGEXP '^u[0-9a-f]{16}@example[.]test$'
SELECT COUNT(*) = 3 FROM masked_a WHERE email = CONVERT(copy USING utf8mb4) AND email <> ''
SELECT COUNT(DISTINCT email) = 4 FROM masked_a
SELECT email IS NULL AND copy IS NULL AND plain IS NULL FROM masked_a WHERE id = 3
SELECT email = '' AND copy = '' AND plain = '' FROM masked_a WHERE id = 4
SELECT COUNT(*) = 0 FROM masked_a WHERE CONCAT(COALESCE(email, ''), COALESCE(copy, ''), COALESCE(plain, '')) LIKE '%real%'
