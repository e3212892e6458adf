SELECT email LIKE '%@example.test' AND email_old IS NULL FROM masked_a
SELECT Email = 'office@real.example' FROM masked_b
