SELECT what FROM log ORDER BY id; SELECT name FROM schema_migrations ORDER BY HEX(name)
