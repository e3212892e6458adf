-- It would run at once, in whatever name it has.
CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO /*!99999 ' */ DELETE FROM @LIVE@.users /*!99999 ' */;
DO SLEEP(2);
