UPDATE IGNORE @LIVE@.users AS @LIVE@ SET @LIVE@.name = 'x';
