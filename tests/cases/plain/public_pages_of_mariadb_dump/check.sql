SELECT cid, HEX(data), created, langcode FROM cache_data ORDER BY 1; SELECT * FROM users_field_data ORDER BY 1
