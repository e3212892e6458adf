CREATE TABLE ethnicity(code varchar(10) primary key, label varchar(40)); CREATE TABLE members(id int primary key, ethnicity varchar(50), joined date);
INSERT INTO ethnicity VALUES ('north','group one'),('south','group two'),('east','group three');
INSERT INTO members SELECT seq,elt(seq%3+1,'north','south','east'),'2026-01-01'+interval seq hour FROM seq_1_to_300;
