SELECT what FROM log; SELECT email FROM users ORDER BY id
