SELECT tier = 'gold' FROM masked_a WHERE id = 1
SELECT tier = 'silver' FROM masked_a WHERE id = 2
SELECT tier = 'basic' FROM masked_a WHERE id = 5
