-- source: ARCHIVE with AUTO_INCREMENT, CSV (NOT NULL only), BLACKHOLE. expected: as mysqldump
CREATE TABLE ec(id int not null, v varchar(30) not null) ENGINE=CSV; INSERT INTO ec VALUES (1,'a,"b"\n\\'),(1,'a,"b"\n\\');
