SELECT COUNT(*) = 1 FROM masked_a JOIN masked_b ON a_email = email
