SELECT COUNT(*) = 0 FROM masked_a WHERE doc LIKE '%real%' OR raw LIKE '%real%'
SELECT COUNT(*) = 5 FROM masked_a WHERE JSON_VALID(doc)
SELECT JSON_UNQUOTE(JSON_EXTRACT(doc, '$.email')) = email AND JSON_UNQUOTE(JSON_EXTRACT(doc, '$.people[0].mails[0]')) = email AND JSON_UNQUOTE(JSON_EXTRACT(raw, '$.list[0]')) = email FROM masked_a WHERE id = 1
SELECT JSON_EXTRACT(doc, '$.n') = 1.5 AND JSON_TYPE(JSON_EXTRACT(doc, '$.contact.vip')) = 'BOOLEAN' AND JSON_EXTRACT(doc, '$.ids[1]') = 7 AND JSON_EXTRACT(doc, '$.people[1].age') = 3 FROM masked_a WHERE id = 1
SELECT JSON_LENGTH(doc, '$.phones') = 3 AND JSON_VALUE(doc, '$.phones[0]') = JSON_VALUE(doc, '$.phones[2]') AND JSON_VALUE(doc, '$.phones[0]') <> JSON_VALUE(doc, '$.phones[1]') FROM masked_a WHERE id = 1
SELECT JSON_UNQUOTE(JSON_EXTRACT(doc, '$.contact.phone')) REGEXP '^555-[0-9]{3}-[0-9]{4}$' AND JSON_UNQUOTE(JSON_EXTRACT(doc, '$.ids[0]')) = 'x' AND JSON_TYPE(JSON_EXTRACT(doc, '$."odd key"')) = 'NULL' FROM masked_a WHERE id = 1
SELECT JSON_TYPE(JSON_EXTRACT(raw, '$.list[1]')) = 'NULL' AND JSON_LENGTH(raw, '$.list') = 3 FROM masked_a WHERE id = 1
SELECT JSON_TYPE(JSON_EXTRACT(doc, '$.email')) = 'NULL' AND raw REGEXP '^lorem' FROM masked_a WHERE id = 2
SELECT JSON_UNQUOTE(JSON_EXTRACT(latin, '$.a')) = 'ä' AND latin NOT LIKE '%Müller%' FROM masked_a WHERE id = 1
SELECT JSON_LENGTH(doc, '$.phones') = 0 AND JSON_LENGTH(doc, '$.people') = 0 FROM masked_a WHERE id = 5
