CREATE TABLE t (`a  b c & $!@#$%^*( )` INT PRIMARY KEY, `select` INT, `back``tick` INT, `quo"te` INT, `ap'os` INT, `com,ma` INT, `par(en` INT, `Ünï→` INT, `--` INT, `/*` INT, `b\s` INT, KEY `k,(x` (`com,ma`, `par(en`), UNIQUE KEY `PRIMARY KEY` (`back``tick`));
INSERT INTO t VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
