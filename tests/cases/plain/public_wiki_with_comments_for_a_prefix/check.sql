SELECT user_id, HEX(user_name), user_password, user_touched FROM user; SELECT page_id, page_namespace, HEX(page_title), page_random FROM page ORDER BY 1; SELECT * FROM searchindex
