CREATE TABEL this_must_not_run (a INT);
