CREATE TABLE submissions(id int primary key, created date, fields json);
INSERT INTO submissions SELECT seq,'2026-01-01'+interval seq hour, convert(concat('[{"name":"first_name","value":"Anna"},{"name":"last_name","value":"Qzxmiller',char(97+seq%26),'"},{"name":"colour","value":"blue"}]') using utf8mb4) FROM seq_1_to_300;
