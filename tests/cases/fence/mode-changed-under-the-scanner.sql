-- A backslash escapes nothing any more.
SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';
INSERT INTO note (v) SELECT '\' FROM dual; DELETE FROM @LIVE@.users /* ' */;
