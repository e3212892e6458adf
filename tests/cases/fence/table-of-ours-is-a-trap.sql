-- Whoever reads or writes it with more rights would call the function.
CREATE FUNCTION f() RETURNS INT DETERMINISTIC SQL SECURITY INVOKER RETURN (SELECT COUNT(*) FROM users);
DROP TABLE IF EXISTS refreshkit_refresh;
CREATE SQL SECURITY INVOKER VIEW refreshkit_refresh AS SELECT 'plan' AS name, CONCAT('', f()) AS value;
