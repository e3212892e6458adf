CREATE TABLE guestbook(id int primary key, created date, name varchar(60), content text);
INSERT INTO guestbook SELECT seq,'2026-01-01'+interval seq hour, concat(elt(seq%5+1,'Anna','James','Maria','Robert','Linda'),' Qzxmiller',char(97+seq%26)), concat('write to me: qzx',seq,'@gmail.com') FROM seq_1_to_300;
