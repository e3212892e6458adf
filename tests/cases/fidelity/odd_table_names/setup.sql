CREATE TABLE `load` (a INT); CREATE TABLE `a``b` (a INT); CREATE TABLE `q"q` (a INT); CREATE TABLE `it's` (a INT); CREATE TABLE `per%cent` (a INT); CREATE TABLE `do.t` (a INT); CREATE TABLE `new
line` (a INT); CREATE TABLE `\! ls` (a INT); CREATE TABLE `straße` (a INT, KEY (a)); CREATE TABLE `-- x` (a INT);
INSERT INTO `load` VALUES (1); INSERT INTO `a``b` VALUES (2); INSERT INTO `q"q` VALUES (3); INSERT INTO `it's` VALUES (4); INSERT INTO `per%cent` VALUES (5); INSERT INTO `do.t` VALUES (6); INSERT INTO `new
line` VALUES (7); INSERT INTO `\! ls` VALUES (8); INSERT INTO `straße` VALUES (9); INSERT INTO `-- x` VALUES (10);
