-- A refresh that fails is reverted by what is written down; what is written here must not be believed.
CREATE TABLE IF NOT EXISTS refreshkit_refresh (`name` VARCHAR(64) NOT NULL PRIMARY KEY, `value` LONGTEXT NOT NULL);
REPLACE INTO refreshkit_refresh VALUES ('plan', '{"staging": "@LIVE@__refresh", "outgoing": "@LIVE@__previous", "history": "", "live": {"database": "@LIVE@", "collation": ["utf8mb4", "utf8mb4_general_ci"], "tables": ["users"], "objects": [{"kind": "procedure", "name": "x", "create": "DROP TABLE @OTHER@.secrets"}]}, "incoming": {"database": "@LIVE@__refresh", "collation": ["utf8mb4", "utf8mb4_general_ci"], "tables": ["users"], "objects": []}}');
THIS FAILS;
