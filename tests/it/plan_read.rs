//! Tables that are read without keys of their own: along a relation, and as a range of their key.

use std::fmt::Write;

use refreshkit::document::{Document, TableDigest, TablePlan};

use crate::closure::document;
use crate::support::{Scratch, TestServer, Tool, for_each_server};

/// 2,000 applications, of which the last 500 are in the window and two older ones are pinned; twenty answers each, in the order of their
/// applications, with a topic each; one answer in the middle of the window belongs to an old application.
const SCHEMA: &str = "
CREATE TABLE digit (n INT PRIMARY KEY);
INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE applications (app_id INT PRIMARY KEY, created_at DATETIME NOT NULL);
INSERT INTO applications SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n, '2020-01-01'
 FROM digit a, digit b, digit c, digit d WHERE d.n < 2;
UPDATE applications SET created_at = '2026-11-01' WHERE app_id > 1500;
CREATE TABLE topics (topic_id INT PRIMARY KEY, name VARCHAR(30));
INSERT INTO topics SELECT app_id, CONCAT('topic ', app_id) FROM applications WHERE app_id <= 400;
CREATE TABLE answers (id INT PRIMARY KEY, app_id INT NOT NULL, topic_id INT, email VARCHAR(60), KEY (app_id));
INSERT INTO answers SELECT (p.app_id - 1) * 20 + a.n + 10 * b.n + 1, p.app_id, 1 + (p.app_id * 7 + a.n) % 400,
 CONCAT('p', p.app_id, '.', a.n, '@real.example') FROM applications p, digit a, digit b WHERE b.n < 2;
UPDATE answers SET app_id = 7 WHERE id = 35000;
";

const RULES: &str = r#"
[dehydrate]
root = { table = "applications", date = "created_at", window = "60d", pinned = [3, 900] }
empty = ["digit"]
[relations]
"answers.app_id" = "applications.app_id"
"answers.topic_id" = "topics.topic_id"
[mask]
"*.email" = "email"
key = { env = "MASK_KEY" }
[dump]
prove = "off"
"#;

fn setting(server: &TestServer) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("read");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    let mut rules = RULES.to_owned();
    writeln!(rules, "dir = {:?}", directory.path().display().to_string()).unwrap();
    scratch.write_rules(directory.path(), &rules);
    (scratch, directory)
}

fn tool(name: &str, directory: &tempfile::TempDir) -> Tool {
    let tool = Tool::new(name).arg("--config").arg(directory.path().join("refresh.toml"));
    tool.env("MASK_KEY", "a key for the masks of this test, 32 bytes")
        .env("REFRESH_STATE_DIR", directory.path().join("state"))
}

/// Whose server it is: one that lives on, or a copy that stands still.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Live,
    Copy,
}

/// `mydehydrate` there.
fn planned((scratch, directory): &(Scratch, tempfile::TempDir), place: Where) -> Document {
    let tool = tool("mydehydrate", directory).args(["--as-of", "2026-11-23T02:00:00Z"]);
    let tool = match place {
        Where::Live => tool.arg("--source"),
        Where::Copy => tool.document(&document(&scratch.server, std::slice::from_ref(&scratch.name))),
    };
    tool.run().exits(0).document()
}

/// Plans, dumps, and gives the plan of `answers` and the digests of the dump.
fn night(setting: &(Scratch, tempfile::TempDir), place: Where) -> (Document, TablePlan, Vec<TableDigest>) {
    let document = planned(setting, place);
    let plan = document.dehydration.as_ref().unwrap();
    let answers = plan.tables.iter().find(|table| table.table == "answers").unwrap().clone();
    let dump = tool("mydump-rotate", &setting.1).arg("--keep-work");
    let dumped = dump.document(&document).run().exits(0).document();
    (document, answers, dumped.dump.unwrap().tables)
}

#[test]
fn what_is_read_along_a_relation_and_as_a_range_is_what_keys_would_have_read() {
    for_each_server(|server| {
        let setting = setting(server);
        // On a server that lives on, every table has its keys.
        let (_, keyed, before) = night(&setting, Where::Live);
        assert_eq!((keyed.read.as_str(), keyed.whole_ranges.clone()), ("by keys", vec![]));
        let (document, along, after) = night(&setting, Where::Copy);
        assert_eq!(along.rows, keyed.rows);
        assert_eq!(after, before);
        let within: u64 = along.whole_ranges.iter().map(|range| range.rows).sum();
        assert!(
            within < along.rows && within * 10 > along.rows * 9,
            "{:?} of {}",
            along.whole_ranges,
            along.rows
        );
        // The answer of an old application is in none of the two.
        let holds = |id: u64| along.whole_ranges.iter().any(|range| (range.first..=range.last).contains(&id));
        assert!(along.whole_ranges.len() == 2 && !holds(35_000), "{:?}", along.whole_ranges);
        assert!(along.read.ends_with("the rest along app_id"), "{}", along.read);
        let tables = &document.dehydration.as_ref().unwrap().tables;
        let at = tables.iter().position(|table| table.table == "answers").unwrap();
        let keys = format!("SELECT COUNT(*) FROM `{}__work`.k_{at}", setting.0.name);
        assert_eq!(server.session().first::<u64>("counting keys", &keys).unwrap(), Some(0));
        let reports = document.dehydration.unwrap().edges;
        let owner = reports.iter().find(|edge| edge.child.ends_with("answers(app_id)")).unwrap();
        assert_eq!((owner.down_rows, owner.orphans), (along.rows, 0));
    });
}

#[test]
fn a_row_that_has_no_key_of_its_own_is_explained_all_the_same() {
    for_each_server(|server| {
        let setting = setting(server);
        planned(&setting, Where::Copy);
        let (scratch, directory) = &setting;
        let explain = |key: &str| tool("mydehydrate", directory).args(["explain", "answers", key]).run();
        let chain = explain("39000").exits(0).stdout.replace(&format!("{}.", scratch.name), "");
        assert_eq!(
            chain,
            "answers 39000: with its parent, by answers(app_id) = applications(app_id)\n\
             applications 1950: a root, root = { table = \"applications\" }\n"
        );
        for other in ["35000", "20000", "99999999"] {
            let absent = explain(other).exits(65);
            assert!(absent.stderr.contains("is not in the plan"), "{other}: {}", absent.stderr);
        }
    });
}

#[test]
fn a_table_whose_kept_rows_are_everywhere_gets_keys_after_all() {
    for_each_server(|server| {
        let setting = setting(server);
        setting.0.run("UPDATE answers SET app_id = 1 + id % 2000");
        let (_, keyed, before) = night(&setting, Where::Live);
        let (_, along, after) = night(&setting, Where::Copy);
        assert_eq!((along.read.as_str(), along.rows), ("by keys", keyed.rows));
        assert_eq!(after, before);
    });
}
