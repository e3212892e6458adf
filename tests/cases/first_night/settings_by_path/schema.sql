CREATE TABLE settings(config_id int primary key, created date, path varchar(255), value text);
INSERT INTO settings SELECT seq,'2026-01-01', concat('web/option/number',seq), 'on' FROM seq_1_to_200;
INSERT INTO settings VALUES (201,'2026-01-01','contact/email/recipient','qzx@gmail.com');
