//! The dump file on real servers: what goes in comes out, whatever happens meanwhile.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use refreshkit::archive::{Consistency, DumpFile, MemberKind};
use refreshkit::document::{Cluster, ColumnPlan, Dehydration, Document, Login, TableClass, TablePlan};
use refreshkit::rows::digest_table;

use refreshkit::config::{ServerConfig, Tls};
use refreshkit::mysql::{Engine, Server, Session};

use crate::support::{Scratch, TestServer, Tool, for_each_server, servers};

/// A configuration that names the server as its source and a directory for dumps.
pub(crate) fn config(server: &TestServer, directory: &Path, more: &str) -> PathBuf {
    let path = directory.join("refresh.toml");
    // A server of its own for each dump of these tests would be most of what they cost: `dump_proof` has that.
    let proof = if more.contains("prove = ") { "" } else { "prove = \"off\"\n" };
    let text = format!(
        "[source]\ndefaults_file = {:?}\n[dump]\ndir = {:?}\nname = \"t\"\n{proof}{more}\n",
        server.client_cnf.display().to_string(),
        directory.display().to_string()
    );
    fs::write(&path, text).unwrap();
    path
}

/// Dumps whole databases; the path of the file.
pub(crate) fn whole(server: &TestServer, directory: &Path, databases: &[&str], more: &str) -> PathBuf {
    let output = Tool::new("mydump-rotate")
        .arg("--config")
        .arg(config(server, directory, more))
        .arg("--state-dir")
        .arg(directory)
        .arg("--whole")
        .args(databases.iter().copied())
        .run()
        .exits(0);
    PathBuf::from(output.document().dump.unwrap().path)
}

/// What `zcat` makes of a file.
pub(crate) fn zcat(path: &Path) -> Vec<u8> {
    let output = std::process::Command::new("zcat").arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Table, class, columns with their expressions, filter.
pub(crate) type PlannedTable<'a> = (&'a str, TableClass, &'a [(&'a str, &'a str)], Option<&'a str>);

/// A document as mydehydrate would hand it on, with a plan written by hand: each table whole.
pub(crate) fn planned(scratch: &Scratch, tables: &[PlannedTable]) -> Document {
    let mut document = Document::new("test");
    let file = fs::read_to_string(&scratch.server.client_cnf).unwrap();
    let setting = |key: &str| {
        let line = file.lines().find_map(|line| line.split_once('=').filter(|(k, _)| k.trim() == key));
        line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    document.cluster = Some(Cluster {
        host: setting("host"),
        port: setting("port").parse().unwrap_or(3306),
        login: Some(Login::option_file(&scratch.server.client_cnf)),
        throw_away: true,
        ..Cluster::default()
    });
    let table =
        |(table, class, columns, filter): &(&str, TableClass, &[(&str, &str)], Option<&str>)| TablePlan {
            database: scratch.name.clone(),
            table: (*table).to_owned(),
            class: *class,
            key: vec!["id".to_owned()],
            columns: columns
                .iter()
                .map(|(name, expression)| ColumnPlan {
                    name: (*name).to_owned(),
                    expression: (*expression).to_owned(),
                    mask: (!expression.starts_with("t.")).then(|| "sql".to_owned()),
                    ..ColumnPlan::default()
                })
                .collect(),
            from: format!("`{}`.`{table}` AS t", scratch.name),
            filter: filter.map(str::to_owned),
            rows: {
                let sql = format!("SELECT COUNT(*) FROM `{table}` AS t WHERE {}", filter.unwrap_or("TRUE"));
                scratch.run(&sql).trim().parse().unwrap()
            },
            ..TablePlan::default()
        };
    document.dehydration = Some(Dehydration {
        as_of: Some("2026-11-23T02:00:00Z".parse().unwrap()),
        databases: vec![scratch.name.clone()],
        session: vec!["SET @key = 'k'".to_owned()],
        tables: tables.iter().map(table).collect(),
        work_schema: format!("{}__work", scratch.name),
        ..Dehydration::default()
    });
    seal(&scratch.server, document.dehydration.as_ref().unwrap());
    document
}

/// Leaves on the server what mydehydrate leaves there for a plan: that it is complete, and which it is.
pub(crate) fn seal(server: &TestServer, plan: &Dehydration) {
    let (schema, sha256) = (&plan.work_schema, refreshkit::work_schema::seal(plan));
    let sql = format!(
        "CREATE DATABASE IF NOT EXISTS `{schema}`; USE `{schema}`; DROP TABLE IF EXISTS refreshkit, plan_seal; \
         CREATE TABLE refreshkit (id INT, config_sha256 CHAR(64), run TEXT, state VARCHAR(16), last_down INT); \
         INSERT INTO refreshkit VALUES (1, '{}', 'test', 'complete', 0); \
         CREATE TABLE plan_seal (id INT, sha256 CHAR(64)); INSERT INTO plan_seal VALUES (1, '{sha256}')",
        plan.config_sha256
    );
    server.client(None, sql.as_bytes());
}

#[test]
fn a_plan_is_dumped_with_its_masks_and_rotated() {
    for_each_server(|server| {
        let scratch = server.scratch("dumpplan");
        scratch.run(
            "CREATE TABLE users (id INT PRIMARY KEY, mail VARCHAR(80), fee DECIMAL(8,2), KEY (mail));\
             CREATE TABLE logs (id INT PRIMARY KEY, note TEXT); CREATE TABLE secret (id INT PRIMARY KEY);\
             CREATE VIEW peep AS SELECT * FROM secret; CREATE VIEW mails AS SELECT mail FROM users;\
             INSERT INTO users VALUES (1, 'a@real.example', 1.5), (2, 'b@real.example', 2.25), (3, NULL, 3);\
             INSERT INTO logs VALUES (1, 'x'); INSERT INTO secret VALUES (1);",
        );
        let directory = scratch.directory();
        let document = planned(
            &scratch,
            &[
                (
                    "users",
                    TableClass::Root,
                    &[("id", "t.`id`"), ("mail", "CONCAT(@key, t.`id`)"), ("fee", "t.`fee` * 2.000")],
                    Some("t.`id` < 3 OR FALSE"),
                ),
                ("logs", TableClass::Empty, &[("id", "t.`id`"), ("note", "t.`note`")], None),
                ("secret", TableClass::Ignore, &[], None),
            ],
        );
        let output = Tool::new("mydump-rotate")
            .arg("--config")
            .arg(config(server, directory.path(), ""))
            .document(&document)
            .run()
            .exits(0);
        let after = output.document();
        let dump = after.dump.unwrap();
        assert_eq!(dump.name, "t-20261123T020000Z.sql.gz");
        assert_eq!(dump.rows, 2);
        assert_eq!(after.rotation.unwrap().kept[0].reason, "the newest");
        let sql = String::from_utf8(zcat(Path::new(&dump.path))).unwrap();
        assert!(!sql.contains("real.example"));
        assert!(sql.contains("(1,'k1',3.00)"), "{sql}");
        assert!(!sql.contains("CREATE TABLE `secret`") && sql.contains("CREATE TABLE `logs`"));
        assert!(!sql.contains("VIEW `peep`") && sql.contains("VIEW `mails`"));

        // The plain client restores it, and the restored table has the digest of the manifest.
        scratch.run("DROP TABLE users, logs, secret; DROP VIEW peep, mails;");
        server.client(None, sql.as_bytes());
        let file = DumpFile::open(Path::new(&dump.path)).unwrap();
        let mut session = server.session();
        for table in &file.manifest().tables {
            let found = digest_table(&mut session, &table.database, &table.table, &table.columns).unwrap();
            assert_eq!((found.rows, &found.digest), (table.rows, &table.digest), "{}", table.table);
        }
        assert_eq!(scratch.run("SELECT mail FROM mails ORDER BY 1"), "k1\nk2\n");
    });
}

#[test]
fn rows_of_a_masked_key_do_not_come_in_the_order_of_the_originals() {
    for_each_server(|server| {
        let scratch = server.scratch("dumprank");
        scratch.run(
            "CREATE TABLE people (id VARCHAR(20) PRIMARY KEY, n INT);\
             INSERT INTO people VALUES ('anna', 1), ('bert', 2), ('carl', 3), ('dora', 4);",
        );
        let columns = [("id", "CONCAT('p', (t.`n` * 3) % 5)"), ("n", "t.`n`")];
        let mut document = planned(&scratch, &[("people", TableClass::Full, &columns, None)]);
        let key = "SET @refreshkit_key = REPEAT('k', 32)";
        document.dehydration.as_mut().unwrap().session = vec![key.to_owned()];
        seal(server, document.dehydration.as_ref().unwrap());
        let directory = scratch.directory();
        let tool = Tool::new("mydump-rotate").arg("--config").arg(config(server, directory.path(), ""));
        let out = tool.document(&document).run().exits(0);
        let sql = zcat(Path::new(&out.document().dump.unwrap().path));
        // By a keyed hash of what stands in the file, as the server makes it.
        let rows = scratch.run(&format!(
            "{key}; SELECT CONCAT('(''', id, ''',', n, ')') FROM (SELECT CONCAT('p', (n * 3) % 5) AS id, n FROM people) AS t \
             ORDER BY UNHEX(SHA2(CONCAT(@refreshkit_key, 'row:', SHA2(id, 256), SHA2(n, 256), @refreshkit_key), 256))"
        ));
        let rows = rows.trim_end().replace('\n', ",\n") + ";";
        assert_eq!(rows.lines().count(), 4);
        assert!(String::from_utf8_lossy(&sql).contains(&rows), "{}", String::from_utf8_lossy(&sql));
    });
}

#[test]
fn a_large_table_becomes_many_members_that_hold_every_row_once() {
    for_each_server(|server| {
        let scratch = server.scratch("dumplarge");
        scratch.run(
            "CREATE TABLE big (a VARCHAR(20) COLLATE utf8mb4_general_ci, b BIGINT, c VARBINARY(16), pad VARCHAR(2000), PRIMARY KEY (a, b, c), KEY (b));\
             SET @i = 0;\
             INSERT INTO big SELECT CONCAT('Ä', FLOOR(@i / 300)), @i * 7, CHAR(@i % 256, 39, 0, 92), REPEAT(SHA2(@i := @i + 1, 256), 25) FROM information_schema.COLLATIONS x, information_schema.COLLATIONS y LIMIT 20000;\
             CREATE TABLE counted (id SMALLINT PRIMARY KEY, pad VARCHAR(4000));\
             SET @i = -4001;\
             INSERT INTO counted SELECT @i := @i + 1, REPEAT(SHA2(@i, 256), 50) FROM big LIMIT 9000;\
             DELETE FROM counted WHERE id % 7 = 3 OR id BETWEEN 100 AND 400;\
             ANALYZE TABLE big, counted;",
        );
        let directory = scratch.directory();
        let path = whole(server, directory.path(), &[&scratch.name], "workers = 3");
        let file = DumpFile::open(&path).unwrap();
        let manifest = file.manifest();
        let members: Vec<_> = manifest.members_of(0).collect();
        assert!(members.len() >= 3, "{} members", members.len());
        assert_eq!(manifest.consistency, Consistency::Locked);
        assert_eq!(members.iter().map(|m| manifest.members[*m].rows).sum::<u64>(), 20_000);
        assert!(manifest.statement_bytes_max <= 1 << 20);
        let mut session = server.session();
        for table in &manifest.tables {
            let found = digest_table(&mut session, &scratch.name, &table.table, &table.columns).unwrap();
            assert_eq!((found.rows, &found.digest), (table.rows, &table.digest), "{}", table.table);
        }
        assert_eq!(manifest.members[0].kind, MemberKind::Header);
        let mut text = String::new();
        file.member(manifest.members.len() - 1).unwrap().read_to_string(&mut text).unwrap();
        assert!(text.contains("SET time_zone = @refreshkit_time_zone;"));
    });
}

#[test]
fn rows_are_the_same_through_tls() {
    let Some(server) = servers().into_iter().find(|server| server.engine == Engine::MySql) else {
        eprintln!("skipped: REFRESHKIT_TEST_ONLY leaves MySQL out, which has a certificate of its own");
        return;
    };
    let scratch = server.scratch("dumptls");
    scratch.run(
        "CREATE TABLE t (id INT PRIMARY KEY, a TEXT, b LONGBLOB);\
         INSERT INTO t VALUES (1, NULL, ''), (2, 'é''s', REPEAT(x'00ff', 300000)), (3, '', REPEAT('x', 17000000));",
    );
    let columns = ["id", "a", "b"].map(str::to_owned);
    let mut plain = server.session();
    let variables: Option<(String, u16)> = plain.first("asking", "SELECT @@datadir, @@port").unwrap();
    let (directory, port) = variables.unwrap();
    let settings = ServerConfig {
        host: Some("127.0.0.1".to_owned()),
        port: Some(port),
        tls_ca: Some(Path::new(&directory).join("ca.pem").display().to_string()),
        tls: Tls::VerifyCa,
        ..server.config()
    };
    let mut secure = Server::of_config(&settings).unwrap().connect().unwrap();
    let cipher: Option<(String, String)> = secure.first("asking", "SHOW STATUS LIKE 'Ssl_cipher'").unwrap();
    assert!(!cipher.unwrap().1.is_empty());
    let digest = |session: &mut Session| digest_table(session, &scratch.name, "t", &columns).unwrap();
    let (one, other) = (digest(&mut plain), digest(&mut secure));
    assert_eq!((one.rows, one.digest), (3, other.digest));
}
