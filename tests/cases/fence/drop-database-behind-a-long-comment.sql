-- By any spelling.
/*!99999 ' */ DROP SCHEMA @OTHER@ /*!99999 ' */;
