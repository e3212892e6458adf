-- nothing here
/* nor here */
SET NAMES utf8mb4;
