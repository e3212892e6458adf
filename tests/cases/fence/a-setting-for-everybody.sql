SET GLOBAL init_connect = 'DROP TABLE IF EXISTS @OTHER@.secrets';
