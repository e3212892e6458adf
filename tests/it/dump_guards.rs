//! A dump that is not what the plan meant is not published: another copy, another plan, no mask key, other rows.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use refreshkit::document::{Document, TableClass};
use refreshkit::mysql::Engine;

use crate::closure::document;
use crate::dump::{config, planned, seal, whole, zcat};
use crate::support::{Output, Scratch, TestServer, Tool, for_each_server, servers};

const SCHEMA: &str = "
CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(60));
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, at DATE, FOREIGN KEY (user_id) REFERENCES users (id));
INSERT INTO users VALUES (1, 'a@real.example'), (2, 'b@real.example'), (3, 'c@real.example');
INSERT INTO orders VALUES (10, 2, '2026-11-01'), (11, 3, '2020-01-01');
";

fn setting(server: &TestServer) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("dumpguards");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    rules(&scratch, directory.path(), "refresh.toml", "60d");
    (scratch, directory)
}

fn rules(scratch: &Scratch, directory: &Path, file: &str, window: &str) {
    let text = format!(
        r#"
[dehydrate]
root = {{ table = "orders", date = "at", window = "{window}" }}
work_schema = "{db}__work"
[mask]
"*.email" = "email"
[dump]
prove = "off"
dir = {directory:?}
name = "t"
"#,
        db = scratch.name,
        directory = directory.display().to_string(),
    );
    fs::write(directory.join(file), text).unwrap();
}

fn dehydrate(scratch: &Scratch, directory: &Path, file: &str, arguments: &[&str]) -> Document {
    let input = document(&scratch.server, std::slice::from_ref(&scratch.name));
    let tool = Tool::new("mydehydrate").arg("--config").arg(directory.join(file));
    tool.args(arguments.iter().copied()).document(&input).run().exits(0).document()
}

fn dump(directory: &Path, document: &Document) -> Output {
    let tool = Tool::new("mydump-rotate").arg("--config").arg(directory.join("refresh.toml"));
    // These look at what is wrong with one plan in several ways.
    tool.arg("--keep-work").document(document).run()
}

fn assert_nothing_published(directory: &Path) {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let dumps: Vec<_> = files.filter(|name| name.to_string_lossy().contains(".sql.gz")).collect();
    assert!(dumps.is_empty(), "{dumps:?}");
}

#[test]
fn a_plan_carried_out_in_place_is_not_dumped_from_another_copy() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        let directory = directory.path();
        let document = dehydrate(&scratch, directory, "refresh.toml", &["--in-place"]);
        let path = dump(directory, &document).exits(0).document().dump.unwrap().path;
        assert!(!String::from_utf8(zcat(Path::new(&path))).unwrap().contains("real.example"));
        fs::remove_file(&path).unwrap();
        fs::remove_file(directory.join("t-latest.sql.gz")).unwrap();

        // A fresh copy under the same address: whole, clear, and without the mark.
        scratch.run(&format!(
            "DROP DATABASE IF EXISTS {}__work; DROP TABLE orders, users;{SCHEMA}",
            scratch.name
        ));
        let out = dump(directory, &document).exits(77);
        assert!(out.stderr.contains("carried out in place"), "{}", out.stderr);
        assert_nothing_published(directory);

        // Rewritten there by other rules is not rewritten by these.
        rules(&scratch, directory, "other.toml", "36500d");
        dehydrate(&scratch, directory, "other.toml", &["--in-place"]);
        dump(directory, &document).exits(77);
        assert_nothing_published(directory);
    });
}

#[test]
fn key_tables_of_another_plan_are_noticed_before_anything_is_published() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        let directory = directory.path();
        let document = dehydrate(&scratch, directory, "refresh.toml", &[]);
        rules(&scratch, directory, "other.toml", "36500d");
        let other = dehydrate(&scratch, directory, "other.toml", &[]);
        let out = dump(directory, &document).exits(65);
        assert!(out.stderr.contains("not those of this plan"), "{}", out.stderr);
        // The rules are the same, but a key is gone.
        scratch.run("SET foreign_key_checks = 0; DELETE FROM orders WHERE id = 11");
        let out = dump(directory, &other).exits(65);
        assert!(out.stderr.contains("should have 2 rows, and 1 were read"), "{}", out.stderr);
        assert_nothing_published(directory);
    });
}

#[test]
fn a_limit_of_the_server_does_not_cut_results() {
    for_each_server(|server| {
        let limit: Option<u64> =
            server.session().first("asking", "SELECT @@SESSION.sql_select_limit").unwrap();
        assert_eq!(limit, Some(u64::MAX));
    });
}

#[test]
fn masks_without_their_key_are_not_used() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        let directory = directory.path();
        let document = dehydrate(&scratch, directory, "refresh.toml", &[]);
        let mut without = document.clone();
        without.dehydration.as_mut().unwrap().session.clear();
        // A plan that was changed on the way is not even tried.
        assert!(dump(directory, &without).exits(65).stderr.contains("or it was changed on the way"));
        seal(server, without.dehydration.as_ref().unwrap());
        let out = dump(directory, &without).exits(77);
        assert!(out.stderr.contains("key of the masks"), "{}", out.stderr);
        seal(server, document.dehydration.as_ref().unwrap());
        scratch.run(&format!("DELETE FROM {}__work.mask_key", scratch.name));
        dump(directory, &document).exits(77);
        assert_nothing_published(directory);
    });
}

#[test]
fn personal_data_in_a_definition_is_warned_of_without_repeating_it() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        scratch.run("ALTER TABLE users COMMENT = 'ask boss@real.example'");
        let document = dehydrate(&scratch, directory.path(), "refresh.toml", &[]);
        let out = dump(directory.path(), &document).exits(0);
        assert!(out.stderr.contains("users holds what looks like an e-mail address"), "{}", out.stderr);
        assert!(!out.stderr.contains("boss@"), "{}", out.stderr);
    });
}

#[test]
fn a_dump_of_older_data_stays_and_the_link_goes_on_pointing_to_the_newest() {
    let server = servers().remove(0);
    let scratch = server.scratch("dumpolder");
    scratch.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);");
    let directory = scratch.directory();
    let newest = whole(&server, directory.path(), &[&scratch.name], "");
    let mut document = planned(&scratch, &[("t", TableClass::Full, &[("id", "t.`id`")], None)]);
    document.dehydration.as_mut().unwrap().as_of = Some("2020-01-01T02:00:00Z".parse().unwrap());
    seal(&server, document.dehydration.as_ref().unwrap());
    let config = config(&server, directory.path(), "keep_days = 7\nkeep_at_least = 1");
    let out = Tool::new("mydump-rotate").arg("--config").arg(config).document(&document).run().exits(0);
    let after = out.document();
    assert!(Path::new(&after.dump.unwrap().path).exists());
    let rotation = after.rotation.unwrap();
    assert_eq!(
        rotation.kept.iter().map(|v| v.reason.as_str()).collect::<Vec<_>>(),
        ["the newest", "just made"]
    );
    assert!(rotation.removed.is_empty());
    let link = fs::canonicalize(directory.path().join("t-latest.sql.gz")).unwrap();
    assert_eq!(link, fs::canonicalize(newest).unwrap());
}

/// Somebody writes to a table without transactions all the while, so what was read and what is counted differ: that is
/// told, and no reason to refuse the dump, whatever the table's comment says.
#[test]
fn a_comment_does_not_make_a_table_transactional() {
    for_each_server(|server| {
        let scratch = server.scratch("dumpengine");
        let engine = if server.engine == Engine::MariaDb { "Aria" } else { "MyISAM" };
        let random = ["RANDOM_BYTES(1024)"; 4].join(", ");
        // Texts are cut into chunks by an order that only the server knows, so the rows are counted; it takes 8 MiB.
        scratch.run(&format!(
            "CREATE TABLE t (id VARCHAR(20) PRIMARY KEY, a VARBINARY(4096)) \
             ENGINE = {engine} COMMENT = 'ENGINE=InnoDB';\
             SET @n = 0; INSERT INTO t SELECT LPAD(@n := @n + 1, 9, '0'), CONCAT({random}) \
             FROM information_schema.COLLATIONS x, information_schema.COLLATIONS y LIMIT 4000;\
             CREATE TABLE safe (id INT PRIMARY KEY) ENGINE = InnoDB; INSERT INTO safe VALUES (1);\
             ANALYZE TABLE t;"
        ));
        let directory = scratch.directory();
        let config = config(server, directory.path(), "workers = 1");
        let over = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut session = server.session();
                let insert =
                    format!("INSERT INTO `{}`.t VALUES (CONCAT('z', UUID_SHORT()), '')", scratch.name);
                while !over.load(Ordering::Relaxed) {
                    session.run("writing", &insert).unwrap();
                }
            });
            let tool =
                Tool::new("mydump-rotate").arg("--config").arg(&config).args(["--whole", &scratch.name]);
            let output = tool.run();
            over.store(true, Ordering::Relaxed);
            output
        });
        let output = output.exits(0);
        let said = format!("{}.t: ", scratch.name);
        let counted = output.stderr.lines().any(|line| line.contains(&said) && line.ends_with(" counted"));
        assert!(counted, "{}", output.stderr);
    });
}
