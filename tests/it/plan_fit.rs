//! Plans that fit a size, pictures of them, and the same plan whatever the number of workers.

use std::fs;

use refreshkit::document::Dehydration;

use crate::support::{Scratch, TestServer, Tool, for_each_server};

const SCHEMA: &str = "
CREATE TABLE producers (id INT PRIMARY KEY, boss_id INT);
CREATE TABLE applications (id INT PRIMARY KEY, producer_id INT, created_at DATETIME);
CREATE TABLE ratings (id INT PRIMARY KEY, app_id INT);
CREATE TABLE notes (id INT PRIMARY KEY, app_id INT, KEY (app_id));
CREATE TABLE `<odd> & \"name\"` (id INT PRIMARY KEY, rating_id INT);
INSERT INTO producers WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 50) SELECT n, n - 1 FROM a;
INSERT INTO applications WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 500) SELECT n, 1 + n % 50, '2026-11-20' - INTERVAL n DAY FROM a;
INSERT INTO ratings SELECT id * 2, id FROM applications UNION SELECT id * 2 + 1, id FROM applications;
INSERT INTO notes SELECT id, IF(id < 100, 7, id) FROM applications;
INSERT INTO `<odd> & \"name\"` SELECT id, id FROM ratings;
";

fn setting(server: &TestServer, root: &str) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("fit");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    let text = format!(
        r#"
[dehydrate]
root = {{ table = "applications", {root} }}
[relations]
"applications.producer_id" = "producers.id"
"producers.boss_id" = "producers.id"
"ratings.app_id" = "applications.id"
"notes.app_id" = "applications.id"
'`<odd> & "name"`.rating_id' = "ratings.id"
"#,
    );
    scratch.write_rules(directory.path(), &text);
    (scratch, directory)
}

fn plan(directory: &tempfile::TempDir, arguments: &[&str]) -> Dehydration {
    let output = ask(directory).args(arguments.iter().copied()).arg("--json").run().exits(0);
    serde_json::from_str(&output.stdout).unwrap()
}

fn ask(directory: &tempfile::TempDir) -> Tool {
    let config = directory.path().join("refresh.toml");
    Tool::new("mydehydrate")
        .args(["--source", "--as-of", "2026-11-23T02:00:00Z", "plan", "--config"])
        .arg(config)
}

fn rows(plan: &Dehydration) -> u64 {
    plan.tables.iter().map(|table| table.rows).sum()
}

#[test]
fn a_plan_fits_the_rows_or_bytes_that_it_is_given_and_fills_them() {
    for_each_server(|server| {
        let (_scratch, directory) = setting(server, "date = \"created_at\", window = \"60d\", at_least = 10");
        let asked = rows(&plan(&directory, &[]));
        for target in [asked / 3, asked * 3] {
            let fitted = plan(&directory, &["--target-rows", &target.to_string()]);
            assert!(
                rows(&fitted) <= target && rows(&fitted) > target * 9 / 10,
                "{} of {target}",
                rows(&fitted)
            );
            assert_eq!(fitted.target.as_ref().unwrap().size, rows(&fitted));
        }
        let all = plan(&directory, &["--target-rows", "1000000"]);
        assert_eq!(all.tables.iter().find(|table| table.table == "applications").unwrap().rows, 500);
        let small = plan(&directory, &["--target-size", "60kB"]);
        assert!(small.tables.iter().map(refreshkit::plan::bytes_after).sum::<u64>() <= 60_000);
        let (_scratch, directory) = setting(server, "pinned = [1, 2, 3], at_least = 10");
        let refused = ask(&directory).args(["--target-rows", "4"]).run().exits(77);
        assert!(refused.stderr.contains("nothing that fits 4 rows"), "{}", refused.stderr);
    });
}

#[test]
fn one_worker_and_four_make_the_same_plan() {
    for_each_server(|server| {
        let (_scratch, directory) = setting(server, "date = \"created_at\", window = \"60d\"");
        let with = |workers: &str| {
            let mut plan = plan(&directory, &["--workers", workers]);
            // The server's own estimate, which it makes when it likes.
            plan.tables.iter_mut().for_each(|table| table.bytes_before = 0);
            plan
        };
        assert_eq!(with("1"), with("4"));
    });
}

#[test]
fn a_plan_is_drawn_as_dot_and_svg_and_names_hot_parents() {
    for_each_server(|server| {
        let (_scratch, directory) = setting(server, "at_least = 500");
        let (dot, svg) = (directory.path().join("plan.dot"), directory.path().join("plan.svg"));
        let output = ask(&directory).arg("--dot").arg(&dot).arg("--svg").arg(&svg).run().exits(0);
        assert!(
            output.stdout.contains("hot parents") && output.stdout.contains("applications 7 "),
            "{}",
            output.stdout
        );
        let (dot, svg) = (fs::read_to_string(dot).unwrap(), fs::read_to_string(svg).unwrap());
        assert!(dot.contains("[label=\"ratings\\n1,000 of 1,000 · 100.0 %\""), "{dot}");
        assert!(dot.contains("app_id\\n+1,000 down"), "{dot}");
        assert!(svg.starts_with("<svg ") && svg.contains("&lt;odd&gt; &amp; &quot;name&quot;"), "{svg}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        ask(&directory).args(["--svg", "/nowhere/plan.svg"]).run().exits(73);
    });
}
