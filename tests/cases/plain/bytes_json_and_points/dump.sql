SET NAMES utf8mb4;
CREATE TABLE `g` (`id` int primary key, `p` geometry NOT NULL, `b` blob, `j` longtext);
INSERT INTO `g` VALUES (1,'\0\0\0\0\0\0\0\0\0\0\0\0\0ð?\0\0\0\0\0\0\0@',_binary '\0ÿ',_utf8mb4 '{\"a\": \"Ã©\"}');
