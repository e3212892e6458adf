SELECT id, email FROM users ORDER BY id; SELECT HEX(what) FROM log ORDER BY id; SELECT name FROM schema_migrations ORDER BY name; SELECT id FROM b
