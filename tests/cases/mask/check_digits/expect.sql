SELECT COUNT(DISTINCT REPLACE(card, '-', '')) = 1 FROM masked_a WHERE id < 3
SELECT LEFT(bin, 7) = '5500 00' FROM masked_a WHERE id = 1
