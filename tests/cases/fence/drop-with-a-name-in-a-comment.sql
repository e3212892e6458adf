CREATE TABLE junk (a INT);
DROP TABLE junk, @LIVE@.users /*!99999 @LIVE@ */;
