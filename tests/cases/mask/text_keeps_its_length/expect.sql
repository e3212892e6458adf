SELECT CHAR_LENGTH(m.body) = CHAR_LENGTH(a.body) AND m.body NOT LIKE '%Roe%' FROM masked_a m JOIN a USING (id) WHERE id = 1
SELECT tiny = 'lor' AND l1 = 'lorem ' FROM masked_a WHERE id = 1
SELECT body = '' AND tiny IS NULL AND l1 IS NULL FROM masked_a WHERE id = 2
