SET NAMES sjis;
CREATE TABLE `t` (`id` int primary key);
INSERT INTO t VALUES (1);
