SELECT email REGEXP '^u[0-9a-f]{10}@example[.]test$' FROM masked_a
