//! A dump of one server on the other: what both have words for arrives whole, in both directions; and what does not, README says,
//! in a table that this file makes.

use std::fmt::Write as _;
use std::path::Path;

use refreshkit::archive::{DumpFile, TableKind};
use refreshkit::mysql::Engine;
use refreshkit::rows::digest_table;

use crate::dump::{whole, zcat};
use crate::dump_fidelity::client;
use crate::support::{TestServer, servers};

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

/// What may go from one server to the other: in words, how MySQL says it, how MariaDB does.
type Feature = (&'static str, Option<&'static str>, Option<&'static str>);

const BOTH: fn(&'static str, &'static str) -> Feature = |words, sql| (words, Some(sql), Some(sql));
const MYSQL: fn(&'static str, &'static str) -> Feature = |words, sql| (words, Some(sql), None);
const MARIADB: fn(&'static str, &'static str) -> Feature = |words, sql| (words, None, Some(sql));

fn features() -> Vec<Feature> {
    vec![
        BOTH(
            "tables, keys, foreign keys, partitions, rows of every common type",
            "CREATE TABLE t (id INT PRIMARY KEY, a TEXT) PARTITION BY HASH (id) PARTITIONS 2; INSERT INTO t VALUES (1, 'é');",
        ),
        BOTH(
            "JSON",
            "CREATE TABLE t (id INT PRIMARY KEY, j JSON); INSERT INTO t VALUES (1, '{\"a\": [1, 2.5]}');",
        ),
        BOTH("views", "CREATE TABLE t (id INT PRIMARY KEY); CREATE VIEW v AS SELECT id, 'é' AS e FROM t;"),
        BOTH(
            "functions, procedures, triggers, events",
            "CREATE TABLE t (id INT PRIMARY KEY, a TEXT); CREATE FUNCTION f(a VARCHAR(9)) RETURNS VARCHAR(20) DETERMINISTIC RETURN CONCAT(a, 'é'); CREATE PROCEDURE p() SELECT f('a'); CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a = f(NEW.a); CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2035-01-01' DO DELETE FROM t;",
        ),
        (
            "columns and databases of the server's newest collations (the other's default)",
            Some(
                "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_0900_as_cs) COLLATE utf8mb4_0900_ai_ci; CREATE VIEW v AS SELECT a COLLATE utf8mb4_0900_ai_ci AS a FROM t;",
            ),
            Some(
                "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) COLLATE uca1400_as_cs) COLLATE utf8mb4_unicode_nopad_ci;",
            ),
        ),
        BOTH(
            "generated columns, invisible columns",
            "CREATE TABLE t (id INT PRIMARY KEY, a INT AS (id + 1) STORED, b INT INVISIBLE DEFAULT 3); INSERT INTO t (id) VALUES (1);",
        ),
        BOTH(
            "CHECK and generated columns with a quote in a text",
            "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(20) AS (CONCAT(a, '''s')) STORED, CHECK (a <> 'it''s')); INSERT INTO t (id, a) VALUES (1, 'x');",
        ),
        (
            "defaults that are expressions",
            Some(
                "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(36) DEFAULT (UUID()), b INT DEFAULT (1 + 2)); INSERT INTO t (id) VALUES (1);",
            ),
            Some(
                "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(36) DEFAULT UUID(), b INT DEFAULT (1 + 2)); INSERT INTO t (id) VALUES (1);",
            ),
        ),
        MYSQL(
            "keys on expressions, multi-valued keys",
            "CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY e ((a + 1)));",
        ),
        MYSQL("a column with SRID", "CREATE TABLE t (id INT PRIMARY KEY, p POINT SRID 4326);"),
        MYSQL("VECTOR", "CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(3));"),
        MYSQL(
            "a routine or view that names a function or collation of MySQL alone",
            "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN BIN_TO_UUID(UUID_TO_BIN(UUID())) COLLATE utf8mb4_0900_ai_ci = 'a'; CREATE VIEW v AS SELECT BIN_TO_UUID('') AS a;",
        ),
        MARIADB("sequences", "CREATE SEQUENCE s; CREATE TABLE t (id INT PRIMARY KEY);"),
        MARIADB(
            "system versioning, application-time periods",
            "CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;",
        ),
        MARIADB("UUID, INET4, INET6", "CREATE TABLE t (id INT PRIMARY KEY, u UUID);"),
        MARIADB(
            "packages, routines of sql_mode ORACLE",
            "CREATE TABLE t (id INT PRIMARY KEY); SET sql_mode = 'ORACLE';\nDELIMITER //\nCREATE PACKAGE p AS PROCEDURE q; END//\nDELIMITER ;\n",
        ),
    ]
}

/// What becomes of a feature on the other server.
fn goes(from: &TestServer, to: &TestServer, sql: &str) -> bool {
    let scratch = from.scratch("goes");
    let said = client(from, Some(&scratch.name), sql.as_bytes());
    assert!(!said.contains("ERROR"), "{:?}: {sql}: {said}", from.engine);
    let directory = scratch.directory();
    let path = whole(from, directory.path(), &[&scratch.name], "");
    let said = client(to, None, &zcat(&path));
    let mut session = to.session();
    let dump = DumpFile::open(&path).unwrap();
    let tables = dump.manifest().tables.iter().filter(|table| table.kind == TableKind::Table);
    let same = tables.into_iter().all(|table| {
        digest_table(&mut session, &scratch.name, &table.table, &table.columns)
            .is_ok_and(|found| (found.rows, &found.digest) == (table.rows, &table.digest))
    });
    session.attempt(&format!("DROP DATABASE `{}`", scratch.name));
    said.is_empty() && same
}

#[test]
fn readme_says_what_goes_to_the_other_server_and_what_does_not() {
    let both = servers();
    let [maria, mysql] = &both[..] else {
        eprintln!("skipped: there is one server only");
        return;
    };
    assert_eq!((maria.engine, mysql.engine), (Engine::MariaDb, Engine::MySql));
    let word =
        |from: &TestServer, to: &TestServer, sql: Option<&str>| match sql.map(|sql| goes(from, to, sql)) {
            None => "–",
            Some(true) => "yes",
            Some(false) => "no",
        };
    let mut table = "| what | MySQL → MariaDB | MariaDB → MySQL |\n|---|---|---|\n".to_owned();
    for (words, of_mysql, of_maria) in features() {
        let (there, back) = (word(mysql, maria, of_mysql), word(maria, mysql, of_maria));
        writeln!(table, "| {words} | {there} | {back} |").unwrap();
    }
    let version: String = maria.session().version().chars().take(5).collect();
    if version != "10.11" {
        eprintln!("README speaks of MariaDB 10.11, this is {version}:\n{table}");
        return;
    }
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    assert!(readme.contains(&table), "README should have this table:\n{table}");
}
