//! A dump of one server on the other: what both have words for arrives whole, in both directions.

use refreshkit::archive::DumpFile;
use refreshkit::rows::digest_table;

use crate::dump::{whole, zcat};
use crate::dump_fidelity::client;
use crate::support::servers;

const SCHEMA: &str = "
CREATE TABLE parent (
  id INT AUTO_INCREMENT PRIMARY KEY, a TINYINT, b BIGINT UNSIGNED, c DECIMAL(65,30), d FLOAT, e DOUBLE, f BIT(33),
  g CHAR(12), h VARCHAR(60) CHARACTER SET latin1 COMMENT 'it''s; one', i VARCHAR(60) CHARACTER SET utf16, j LONGTEXT,
  k VARBINARY(60), l LONGBLOB, m ENUM('a','it''s',''), n SET('p','q r'), o DATE, p DATETIME(6),
  q TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3), r TIME(4), s YEAR, t POINT, u GEOMETRY,
  v INT GENERATED ALWAYS AS (a * 2) STORED, w VARCHAR(20) NOT NULL DEFAULT 'd', x INT UNSIGNED ZEROFILL,
  UNIQUE KEY one (g, a), KEY part (j(20)), FULLTEXT KEY words (w), CHECK (a < 100)
);
CREATE TABLE child (id INT PRIMARY KEY, parent_id INT, name VARCHAR(20) COLLATE utf8mb4_bin,
  FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO parent (id, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w, x) VALUES
  (0, -128, 18446744073709551615, 12345678901234567890.000000000000000000000000000001, 16777216, 1e300, 8589934591,
   'x', 'é\\'\"\\\\', '中🦀', 'a\\n\\0\\r\\Zb', x'00ff275c', x'fffe00', 'it''s', 'p,q r', '2026-00-00', '1000-01-01 00:00:00.000001',
   '2026-11-23 02:00:00.125', '-838:59:58.5', 1901, ST_GeomFromText('POINT(1.1 -2)'), ST_GeomFromText('LINESTRING(0 0,1 1)'), 'some words', 42),
  (7, NULL, NULL, NULL, 0.1, -0.1, 0, NULL, NULL, NULL, '', '', NULL, '', '', '0000-00-00', NULL,
   NULL, NULL, NULL, NULL, NULL, '', 0);
INSERT INTO child VALUES (1, 7, 'Ä'), (2, 0, 'ä');
CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2;
CREATE VIEW named AS SELECT c.name, p.id FROM child c JOIN parent p ON p.id = c.parent_id WHERE p.id >= 0;
CREATE TRIGGER clean BEFORE INSERT ON child FOR EACH ROW SET NEW.name = TRIM(NEW.name);
";

#[test]
fn what_both_servers_know_goes_from_one_to_the_other_and_back() {
    let both = servers();
    let [one, other] = &both[..] else {
        eprintln!("skipped: there is one server only");
        return;
    };
    for (from, to) in [(one, other), (other, one)] {
        let scratch = from.scratch("across");
        let said = client(
            from,
            Some(&scratch.name),
            format!("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';{SCHEMA}").as_bytes(),
        );
        assert!(said.is_empty(), "{:?}: {said}", from.engine);
        let directory = scratch.directory();
        let path = whole(from, directory.path(), &[&scratch.name], "");
        let mut session = to.session();
        session.attempt(&format!("DROP DATABASE `{}`", scratch.name));
        let said = client(to, None, &zcat(&path));
        let mut problems = vec![said];
        problems.retain(|said| !said.is_empty());
        for table in &DumpFile::open(&path).unwrap().manifest().tables {
            let found = digest_table(&mut session, &scratch.name, &table.table, &table.columns).unwrap();
            if (found.rows, &found.digest) != (table.rows, &table.digest) {
                problems.push(format!("{}: {found:?}", table.table));
            }
        }
        let seen: Option<(String, i64)> = session
            .first(
                "looking",
                &format!("SELECT name, `{0}`.twice(id) FROM `{0}`.named WHERE id = 7", scratch.name),
            )
            .unwrap();
        session.run("dropping", &format!("DROP DATABASE `{}`", scratch.name)).unwrap();
        assert!(problems.is_empty(), "{:?} to {:?}: {}", from.engine, to.engine, problems.join("\n"));
        assert_eq!(seen, Some(("Ä".to_owned(), 14)));
    }
}
