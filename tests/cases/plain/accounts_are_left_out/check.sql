SELECT COUNT(*) FROM mysql.user WHERE user = 'fromdump'
