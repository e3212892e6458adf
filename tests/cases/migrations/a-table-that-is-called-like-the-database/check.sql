SELECT name, what FROM @LIVE@, log
