SELECT COUNT(*) = 2 FROM masked_a WHERE full_name = CONCAT(first, ' ', last) AND email LIKE CONCAT(LOWER(first), '.', LOWER(last), '.%') AND email LIKE CONCAT(login, '@%')
SELECT COUNT(*) = 2 FROM masked_a a JOIN masked_b b ON b.customer_id = a.id WHERE a.full_name = b.signed_by AND a.email = b.mail
SELECT signed_by REGEXP '^[A-Z][a-z]+ [A-Z][a-z]+$' AND mail LIKE '%@example.test' FROM masked_b WHERE id = 3
