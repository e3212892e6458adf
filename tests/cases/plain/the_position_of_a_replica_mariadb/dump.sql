CREATE TABLE `t` (`id` int primary key);
INSERT INTO `t` VALUES (1);
CHANGE MASTER TO MASTER_HOST='prod.internal', MASTER_LOG_FILE='mysql-bin.000003', MASTER_LOG_POS=73;
