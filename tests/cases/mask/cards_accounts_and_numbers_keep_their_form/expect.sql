SELECT COUNT(*) = 6 FROM a JOIN masked_a m USING (id) WHERE a.card <> '' AND REGEXP_REPLACE(a.card, '[0-9]', '9') = REGEXP_REPLACE(m.card, '[0-9]', '9') AND CHAR_LENGTH(a.card) = CHAR_LENGTH(m.card)
SELECT (SELECT card FROM masked_a WHERE id = 1) = REPLACE(card, ' ', '') FROM masked_a WHERE id = 2
SELECT (SELECT REPLACE(card, '-', '') FROM masked_a WHERE id = 3) = REPLACE(card, ' ', '') FROM masked_a WHERE id = 8
SELECT GROUP_CONCAT(CHAR_LENGTH(exact) ORDER BY id) = '15,14,15,12,0,15,15' FROM masked_a WHERE id <> 5 OR exact IS NOT NULL
SELECT GROUP_CONCAT(CHAR_LENGTH(num) ORDER BY id) = '15,14,19,12,16,16,16' FROM masked_a
SELECT GROUP_CONCAT(CHAR_LENGTH(high) ORDER BY id) = '18,19,16,16,16,16,16' AND SUM(LEFT(high, 8) IN ('92233720', '63040000')) = 2 FROM masked_a
SELECT own REGEXP '^37[0-9]{2} [0-9]{6} [0-9]{5}$' FROM masked_a WHERE id = 1
SELECT own REGEXP '^63[0-9]{2} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{3}$' FROM masked_a WHERE id = 3
SELECT CAST(raw AS CHAR) REGEXP '^[0-9]{4}-[0-9]{6}-[0-9]{5}$' FROM masked_a WHERE id = 1
SELECT iban REGEXP '^DE[0-9]{2} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}$' FROM masked_a WHERE id = 1
SELECT COUNT(DISTINCT REPLACE(REPLACE(TRIM(iban), ' ', ''), '-', '')) = 1 AND COUNT(DISTINCT iban) > 2 FROM masked_a WHERE id IN (1, 2, 5, 8)
SELECT iban REGEXP '^NO[0-9]{2} [0-9]{4} [0-9]{4} [0-9]{3}$' FROM masked_a WHERE id = 3
SELECT phone REGEXP '^[(]0[0-9]{2}[)] [0-9]{3} [0-9]{3}$' FROM masked_a WHERE id = 1
SELECT phone REGEXP '^[+]49 [(]0[)][0-9]{2} [0-9]{6}$' FROM masked_a WHERE id = 2
SELECT phone REGEXP '^0049 [0-9]{2} [0-9]{6}$' FROM masked_a WHERE id = 3
SELECT phone REGEXP '^0 [0-9]{2} [0-9]{6}$' FROM masked_a WHERE id = 4
SELECT phone REGEXP '^[+]1 [(][0-9]{3}[)] [0-9]{3}-[0-9]{4}$' FROM masked_a WHERE id = 5
SELECT phone REGEXP '^[(]00353[)] [0-9] [0-9]{4}$' FROM masked_a WHERE id = 8
