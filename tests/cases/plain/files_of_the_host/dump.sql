CREATE TABLE `t` (`id` int primary key);
LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t;
