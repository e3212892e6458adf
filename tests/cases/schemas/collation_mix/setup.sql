-- source: tensormap #87, phpmyadmin #12428, openboxes #2281: mixed collations, string keys under ci. expected: same
CREATE TABLE cm(a varchar(20) charset latin1 collate latin1_german2_ci, b varchar(20) collate utf8mb4_turkish_ci, c char(10) collate utf8mb4_bin, d varchar(20) charset utf8mb3 collate utf8mb3_unicode_ci, PRIMARY KEY(a,b)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_spanish2_ci; INSERT INTO cm VALUES ('ä','I','x','ß'),('ae ','i','X','ss'),('Z','ı','y','y');
ALTER DATABASE DB CHARACTER SET latin1 COLLATE latin1_general_cs;
CREATE PROCEDURE pcs(IN x varchar(10)) SELECT x;
ALTER DATABASE DB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE dflt(id int primary key, v varchar(10)); INSERT INTO dflt VALUES (1,'x');
