CREATE DATABASE prod CHARACTER SET utf8mb4 COLLATE utf8mb4_ja_0900_as_cs;
USE prod;
CREATE TABLE t (id int primary key);
