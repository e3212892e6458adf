-- A look-alike of a public sample of staff: its rows are in files beside it.
DROP DATABASE IF EXISTS staff;
CREATE DATABASE IF NOT EXISTS staff;
USE staff;

SELECT 'CREATING DATABASE STRUCTURE' as 'INFO';

CREATE TABLE persons (
    no      INT             NOT NULL,
    birth   DATE            NOT NULL,
    gender  ENUM ('M','F')  NOT NULL,
    PRIMARY KEY (no)
);
CREATE OR REPLACE VIEW oldest AS SELECT MIN(birth) AS birth FROM persons;

flush /*!50503 binary */ logs;

SELECT 'LOADING persons' as 'INFO';
source load_persons.dump ;
