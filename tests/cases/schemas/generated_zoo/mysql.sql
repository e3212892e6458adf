CREATE TABLE gdt(d datetime, y int GENERATED ALWAYS AS (year(d)) VIRTUAL, m varchar(7) GENERATED ALWAYS AS (date_format(d,'%Y-%m')) STORED, KEY(y)); INSERT INTO gdt(d) VALUES ('2020-01-01');
