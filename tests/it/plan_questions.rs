//! What `mydehydrate` answers without a document: plan, check, explain, infer.

use crate::support::{Scratch, TestServer, Tool, for_each_server};

const SCHEMA: &str = "
CREATE TABLE producers (id INT PRIMARY KEY, parent_id INT, email VARCHAR(60));
CREATE TABLE applications (app_id INT PRIMARY KEY, producer_id INT, created_at DATETIME);
CREATE TABLE ratings (id INT PRIMARY KEY, app_id INT, KEY (app_id));
CREATE TABLE files (id INT PRIMARY KEY, owner_type VARCHAR(20), owner_id INT);
CREATE TABLE settings (id INT PRIMARY KEY, producers INT, small INT);
INSERT INTO producers VALUES (1, NULL, 'a@real.example'), (2, 1, 'b@real.example'), (3, NULL, NULL);
INSERT INTO applications VALUES (1, 2, '2026-11-01'), (2, 3, '2020-01-01'), (3, 3, '2020-01-01');
INSERT INTO ratings VALUES (10, 1), (11, 1), (20, 2);
INSERT INTO files VALUES (1, 'application', 1), (2, 'producer', 3), (3, 'martian', 1), (4, 'application', 3);
INSERT INTO settings VALUES (1, 1, 1), (2, 2, 2);
";

const RELATIONS: &str = r#"
"ratings.app_id" = "applications.app_id"
"applications.producer_id" = "producers.id"
"producers.parent_id" = "producers.id"
"#;

fn setting(server: &TestServer, relations: &str, more: &str) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("ask");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    let text = format!(
        r#"
[dehydrate]
root = {{ table = "applications", date = "created_at", window = "60d" }}
full = ["settings"]
empty = ["files"]
[relations]
{relations}
[mask]
"*.email" = "email"
{more}
"#,
    );
    scratch.write_rules(directory.path(), &text);
    (scratch, directory)
}

fn tool(directory: &tempfile::TempDir) -> Tool {
    Tool::new("mydehydrate").arg("--config").arg(directory.path().join("refresh.toml"))
}

#[test]
fn plan_shows_rows_before_and_after_and_what_each_relation_adds() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, RELATIONS, "");
        tool(&directory).arg("plan").run().exits(77);
        let ask = || tool(&directory).args(["--source", "--as-of", "2026-11-23T02:00:00Z", "plan"]);
        let text = ask().run().exits(0).stdout.replace(&format!("{}.", scratch.name), "");
        let line = |start: &str| {
            let line = text
                .lines()
                .find(|line| line.starts_with(start))
                .unwrap_or_else(|| panic!("{start}: {text}"));
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(line("applications ")[1..4], ["root", "3", "1"]);
        assert_eq!(line("producers ")[1..4], ["follow", "3", "2"]);
        assert_eq!(line("files ")[1..4], ["empty", "4", "0"]);
        assert_eq!(line("ratings(app_id)")[3..], ["declared", "+2", "+0", "0"]);
        let json = ask().arg("--json").run().exits(0).stdout;
        let plan: refreshkit::document::Dehydration = serde_json::from_str(&json).unwrap();
        assert_eq!(plan.tables.iter().map(|table| table.rows).sum::<u64>(), 7);
    });
}

#[test]
fn explain_names_the_chain_back_to_a_root() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, RELATIONS, "");
        let early = tool(&directory).args(["explain", "ratings", "10"]).run().exits(65);
        assert!(early.stderr.contains("there is no plan"), "{}", early.stderr);
        tool(&directory).args(["--source", "--as-of", "2026-11-23T02:00:00Z", "plan"]).run().exits(0);
        let chain = tool(&directory).args(["explain", "producers", "1"]).run().exits(0);
        let chain = chain.stdout.replace(&format!("{}.", scratch.name), "");
        assert_eq!(
            chain,
            "producers 1: a row refers to it, by producers(parent_id) = producers(id)\n\
             producers 2: a row refers to it, by applications(producer_id) = producers(id)\n\
             applications 1: a root, root = { table = \"applications\" }\n"
        );
        let chain = tool(&directory).args(["explain", "ratings", "11"]).run().exits(0).stdout;
        assert!(chain.contains("with its parent, by") && chain.lines().count() == 2, "{chain}");
        let absent = tool(&directory).args(["explain", "ratings", "20"]).run().exits(65);
        assert!(absent.stderr.contains("is not in the plan"), "{}", absent.stderr);
    });
}

#[test]
fn check_passes_until_the_schema_drifts() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, RELATIONS, "");
        let fine = tool(&directory).args(["check", "--why"]).run().exits(0).stdout;
        assert!(fine.contains("producers: follow by relation"), "{fine}");
        assert!(fine.contains("5 tables, 3 relations, 1 masked columns"), "{fine}");
        scratch.run("CREATE TABLE invoices (id INT PRIMARY KEY)");
        let drift = tool(&directory).arg("check").run().exits(78);
        assert!(drift.stderr.contains(r#"full = ["settings", "invoices"]"#), "{}", drift.stderr);
        scratch.run("DROP TABLE invoices; ALTER TABLE producers ADD mobile VARCHAR(30)");
        let drift = tool(&directory).arg("check").run().exits(77);
        assert!(drift.stderr.contains(r#""producers.mobile" = "phone""#), "{}", drift.stderr);
        scratch.run("ALTER TABLE producers DROP mobile, DROP email");
        let drift = tool(&directory).arg("check").run().exits(78);
        assert!(drift.stderr.contains("\"*.email\" matches no column"), "{}", drift.stderr);
        assert!(
            !scratch.run("SHOW DATABASES").contains(&format!("{}__work", scratch.name)),
            "check only reads"
        );
    });
}

#[test]
fn infer_proposes_what_names_and_values_agree_on() {
    for_each_server(|server| {
        let (_scratch, directory) = setting(server, "", "");
        let found = tool(&directory).arg("infer").run().exits(0).stdout;
        for line in [
            r#""applications.producer_id" = "producers.id"  # `producer_id` names producers; 2 of 2 sampled values found"#,
            r#""ratings.app_id" = "applications.app_id"  # `app_id` is the key of applications; 2 of 2 sampled values found, indexed"#,
            r#""producers.parent_id" = "producers.id""#,
            r#""files.owner_id" = [{ to = "applications.app_id", where = "owner_type = 'application'" }, { to = "producers.id", where = "owner_type = 'producer'" }]"#,
            "no table for martian",
        ] {
            assert!(found.contains(line), "{line}\n{found}");
        }
        assert!(!found.contains("settings"), "{found}");
        let (_scratch, directory) = setting(server, RELATIONS, "");
        let again = tool(&directory).arg("infer").run().exits(0).stdout;
        assert!(!again.contains("ratings.app_id") && again.contains("files.owner_id"), "{again}");
    });
}

#[test]
fn check_strict_wants_every_relation_that_infer_finds_to_be_reviewed() {
    for_each_server(|server| {
        let owners = r#""files.owner_id" = { to = "producers.id", up = "never", down = "never" }"#;
        let (_scratch, directory) = setting(server, RELATIONS, "");
        tool(&directory).args(["check"]).run().exits(0);
        let found = tool(&directory).args(["check", "--strict"]).run().exits(78).stderr;
        assert!(found.contains("1 relation(s) that names and values speak of"), "{found}");
        assert!(found.contains(r#""files.owner_id" = ["#), "{found}");
        let (_scratch, directory) = setting(server, &format!("{RELATIONS}{owners}"), "");
        tool(&directory).args(["check", "--strict"]).run().exits(0);
    });
}

#[test]
fn infer_learns_from_the_statements_that_the_server_has_counted() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "", "");
        scratch.run(
            "CREATE TABLE deals (id INT PRIMARY KEY, desk INT); CREATE TABLE offices (id INT PRIMARY KEY);
             CREATE TABLE quiet (id INT PRIMARY KEY, desk INT);
             INSERT INTO offices VALUES (7), (8), (9); INSERT INTO deals VALUES (1, 8), (2, 9); INSERT INTO quiet VALUES (1, 8);",
        );
        let joined = r#""deals.desk" = "offices.id"  # its name does not say so, but statements do; 2 of 2 sampled values found, joined in 1 kind(s)"#;
        let before = tool(&directory).arg("infer").run().exits(0).stdout;
        assert!(!before.contains("desk"), "{before}");
        // A server that has run very many different statements counts no new ones.
        scratch.run("TRUNCATE TABLE performance_schema.events_statements_summary_by_digest");
        scratch.run("SELECT d.id FROM deals AS d JOIN offices o ON o.id = d.desk WHERE d.id > 0");
        let after = tool(&directory).arg("infer").run().exits(0).stdout;
        let counted = server.client(None, b"SELECT @@performance_schema").trim() == "1";
        eprintln!("statements are counted: {counted}");
        assert_eq!(after.contains(joined), counted, "{after}");
        assert!(!after.contains("quiet.desk"), "{after}");
    });
}
