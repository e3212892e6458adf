-- source: bcgov/backup-container #150, dbeaver #12972, mydumper #175/#624, ifsnop #107. expected: generated values recomputed, same keys
CREATE TABLE inv(id int unsigned NOT NULL AUTO_INCREMENT, p double(8,2) unsigned, q int unsigned NOT NULL DEFAULT '1', sub double(8,2) unsigned GENERATED ALWAYS AS (round(p*q,2)) STORED, j longtext, n varchar(20) GENERATED ALWAYS AS (json_unquote(json_extract(j,'$.n'))) VIRTUAL, u varchar(40) GENERATED ALWAYS AS (upper(n)) VIRTUAL, PRIMARY KEY(id), UNIQUE KEY un (n), KEY us (sub,u)); INSERT INTO inv(p,q,j) VALUES (1.005,3,'{"n":"x"}'),(2.675,1,NULL);
CREATE TABLE gpk(a int, g int GENERATED ALWAYS AS (a+1) STORED, UNIQUE KEY(g)); INSERT INTO gpk(a) VALUES (1),(2),(3);
CREATE TABLE gpart(a int, g int GENERATED ALWAYS AS (a+1) STORED, KEY(a,g)) PARTITION BY HASH(g) PARTITIONS 2; INSERT INTO gpart(a) VALUES (1),(2);
CREATE TABLE gonly(g int GENERATED ALWAYS AS (1+1) VIRTUAL, h int default 7); INSERT INTO gonly() VALUES (),();
