SELECT COUNT(*) = 2 AND SUM(email LIKE '%@example.test') = 1 FROM masked_a
