SELECT id, name, HEX(picture) FROM goods ORDER BY 1; CALL cheap(); INSERT INTO goods (name) VALUES ('x'); SELECT * FROM names ORDER BY 1; SELECT @@collation_database
