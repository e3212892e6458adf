CREATE TABLE `t` (`id` int primary key, g int GENERATED ALWAYS AS (id+1) VIRTUAL);
INSERT INTO `t` VALUES (1,2);
