CREATE TABLE ticket (id INT PRIMARY KEY, created DATE, summary VARCHAR(200), who VARCHAR(100));
INSERT INTO ticket SELECT seq, '2026-01-01' + INTERVAL seq HOUR, IF(seq % 4 = 0, CONCAT('write to qzx', seq, '@real.example about it'), 'see the last one'), CONCAT('qzx', seq, '@real.example') FROM seq_1_to_200;
