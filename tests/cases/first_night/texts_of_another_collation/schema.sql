CREATE TABLE wrap (code CHAR(12) CHARACTER SET latin1 COLLATE latin1_general_ci PRIMARY KEY, created DATE, name VARCHAR(40));
CREATE TABLE thread (id INT PRIMARY KEY, created DATE);
CREATE TABLE line (id INT PRIMARY KEY, wrap_code VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, thread_id INT, thread_type CHAR(1), owner_id INT, owner_type CHAR(1));
INSERT INTO wrap SELECT CONCAT('w', seq), '2026-01-01' + INTERVAL seq HOUR, CONCAT('qzx', seq) FROM seq_1_to_40;
INSERT INTO thread SELECT seq, '2026-01-01' + INTERVAL seq HOUR FROM seq_1_to_90;
INSERT INTO line SELECT seq, CONCAT('W', 1 + seq % 40), 1 + seq * 7 % 90, ELT(1 + seq % 2, 'T', 'A'), seq % 20, 'U' FROM seq_1_to_200;
