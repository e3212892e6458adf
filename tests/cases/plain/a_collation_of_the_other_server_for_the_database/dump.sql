CREATE DATABASE prod CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
USE prod;
CREATE TABLE t (id int primary key);
