CREATE TABLE t (a CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, b VARCHAR(10), c BINARY(6), d VARBINARY(6), PRIMARY KEY (a));
INSERT INTO t VALUES ('x ', 'y ', 'z ', 'z '), ('X', ' ', '', ''), ('', '  ', 0x20, 0x2000);
