SELECT what FROM log; SELECT name FROM schema_migrations ORDER BY HEX(name)
