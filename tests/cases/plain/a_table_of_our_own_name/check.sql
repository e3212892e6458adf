SELECT id FROM refreshkit_refresh; SHOW TABLES
