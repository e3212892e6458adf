SELECT what FROM log
