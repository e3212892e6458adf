SELECT COUNT(DISTINCT card) = 1 FROM masked_a WHERE id < 3
SELECT LEFT(bin, 6) = '550000' FROM masked_a WHERE id = 1
