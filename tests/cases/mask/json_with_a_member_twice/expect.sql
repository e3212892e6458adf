SELECT COUNT(*) = 0 FROM masked_a WHERE raw LIKE '%real%'
SELECT JSON_VALUE(raw, '$.keep') = 'yes' AND JSON_LENGTH(raw, '$.list') = 2 FROM masked_a WHERE id = 4
SELECT JSON_VALUE(raw, '$.email') LIKE 'u%@example.test' AND JSON_LENGTH(raw) = 2 FROM masked_a WHERE id = 5
