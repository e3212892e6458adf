SELECT password LIKE '$2y$10$%' AND CHAR_LENGTH(password) = 60 FROM masked_a WHERE id = 1
SELECT password IS NULL FROM masked_a WHERE id = 2
SELECT COUNT(*) = 2 FROM masked_a WHERE old = '$1$made$elsewhere'
