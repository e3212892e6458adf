/*!99999 ' */ RENAME TABLE @LIVE@.users TO taken /*!99999 ' */;
