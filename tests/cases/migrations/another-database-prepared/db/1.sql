CREATE TABLE fine (a INT);
SET @verb = 'DROP TABLE ';
SET @sql = CONCAT(@verb, '@LIVE@', '.marker');
PREPARE s FROM @sql;
EXECUTE s;
