CREATE TABLE orders (id INT, region CHAR(2), parent_id INT, best_line INT, PRIMARY KEY (id, region), KEY (parent_id, region));
CREATE TABLE `lines` (no INT PRIMARY KEY, `order` INT, region CHAR(2), KEY (`order`, region));
INSERT INTO orders VALUES (1, 'eu', NULL, NULL), (2, 'eu', 1, 22), (2, 'us', NULL, 99), (3, 'eu', 2, NULL), (9, 'us', NULL, NULL);
INSERT INTO `lines` VALUES (21, 2, 'eu'), (22, 2, 'us'), (31, 3, 'eu'), (99, 9, 'us');
