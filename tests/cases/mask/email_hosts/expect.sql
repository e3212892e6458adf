SELECT own LIKE '%@agency.example.test' FROM masked_a WHERE id = 1
