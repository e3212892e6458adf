SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';
SET GLOBAL max_connections = 3, @kept = 5;
/*!50003 SET sql_mode = '', GLOBAL event_scheduler = OFF, @also = 6 */;
CREATE TABLE t (id int primary key, a int, b int);
INSERT INTO t VALUES (1, @kept, @also);
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
