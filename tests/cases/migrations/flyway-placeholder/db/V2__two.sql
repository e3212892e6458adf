-- ${not_this}
INSERT INTO log (what) VALUES ('${env}');
