SELECT rating FROM users; SELECT what FROM log
