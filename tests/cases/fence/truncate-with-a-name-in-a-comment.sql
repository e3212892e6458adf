-- The qualifier looks like an alias.
TRUNCATE @LIVE@.users /*!99999 @LIVE@ */;
