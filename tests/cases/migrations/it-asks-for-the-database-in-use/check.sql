SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'nick'
