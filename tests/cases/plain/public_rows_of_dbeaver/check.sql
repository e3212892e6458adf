SELECT id, name, JSON_EXTRACT(doc, '$.a[1]') FROM people ORDER BY 1
