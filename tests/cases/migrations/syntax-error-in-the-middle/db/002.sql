INSERT INTO log (what) VALUES ('before');

CREATE TABEL broken (
  a INT
);
INSERT INTO log (what) VALUES ('after');
