//! `mydehydrate` as the shell runs it: documents in and out, guards, exit codes.

use std::fs;

use refreshkit::document::TableClass;

use crate::closure::document;
use crate::support::{PATIENCE, Scratch, TestServer, Tool, for_each_server, terminate, until};

const SCHEMA: &str = "
CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(100) UNIQUE, note TEXT, secret VARCHAR(40),
    doubled INT GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, customer_email VARCHAR(100), KEY (customer_id));
CREATE TABLE audit_log (id INT PRIMARY KEY);
INSERT INTO customers (id, email, note, secret) VALUES (1, 'Jane.Roe@real.example', 'calls at noon', 's3cr3t'), (2, NULL, '', NULL), (3, 'x@real.example', NULL, 'k');
INSERT INTO orders VALUES (10, 1, ' jane.roe@REAL.example'), (11, 1, NULL), (12, 2, 'x@real.example');
INSERT INTO audit_log VALUES (1);
";

fn setting(server: &TestServer, more: &str) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("plan");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    let text = format!(
        r#"
[dehydrate]
root = {{ table = "orders", pinned = [10, 11] }}
empty = ["@logs"]
[relations]
"orders.customer_id" = "customers.id"
[mask]
"*.email" = "email"
"orders.customer_email" = "email"
"customers.note" = {{ kind = "text" }}
"customers.secret" = {{ kind = "constant", value = "none" }}
{more}
"#,
    );
    scratch.write_rules(directory.path(), &text);
    (scratch, directory)
}

fn tool(directory: &tempfile::TempDir) -> Tool {
    Tool::new("mydehydrate")
        .arg("--config")
        .arg(directory.path().join("refresh.toml"))
        .arg("--state-dir")
        .arg(directory.path())
}

#[test]
fn a_copy_becomes_selects_with_masks_compiled_in() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let input = document(server, std::slice::from_ref(&scratch.name));
        let output = tool(&directory).document(&input).run().exits(0).document();
        let plan = output.dehydration.unwrap();
        let names: Vec<(&str, TableClass, u64, u64)> =
            plan.tables.iter().map(|t| (t.table.as_str(), t.class, t.rows_before, t.rows)).collect();
        assert_eq!(
            names,
            [
                ("audit_log", TableClass::Empty, 1, 0),
                ("customers", TableClass::Follow, 3, 1),
                ("orders", TableClass::Root, 3, 2)
            ]
        );
        let mut session = server.session();
        for statement in &plan.session {
            session.run("reading the key", statement).unwrap();
        }
        let customers: Vec<(i64, String, String, String)> =
            session.rows("customers", &plan.tables[1].select).unwrap();
        let (id, email, note, secret) = &customers[0];
        assert_eq!((*id, note.len(), secret.as_str()), (1, "calls at noon".len(), "none"));
        assert!(email.ends_with("@example.test") && email.len() == 30, "{email}");
        assert!(note.starts_with("lorem"), "{note}");
        let orders: Vec<(i64, i64, Option<String>)> = session.rows("orders", &plan.tables[2].select).unwrap();
        assert_eq!(orders[0].2.as_ref(), Some(email), "equal addresses mask equally, blanks and case aside");
        assert_eq!(orders[1].2, None);
        assert!(output.steps[0].note.starts_with("3 of 7 rows"), "{}", output.steps[0].note);
    });
}

#[test]
fn writes_only_to_a_throw_away_copy_or_where_it_is_told_to() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let mut input = document(server, std::slice::from_ref(&scratch.name));
        input.cluster.as_mut().unwrap().throw_away = false;
        let refused = tool(&directory).document(&input).run().exits(77);
        assert!(refused.stderr.contains("--i-own-this-server 127.0.0.1"), "{}", refused.stderr);
        assert!(!scratch.run("SHOW DATABASES").contains(&format!("{}__work", scratch.name)));
        tool(&directory).args(["--i-own-this-server", "127.0.0.1"]).document(&input).run().exits(0);
    });
}

#[test]
fn the_configured_source_starts_a_chain_without_a_document() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let output = tool(&directory).args(["--source", "--run", "r1"]).run().exits(0);
        assert!(output.stderr.contains("nothing outside of it is written there"), "{}", output.stderr);
        let document = output.document();
        assert_eq!(document.source.unwrap().databases, std::slice::from_ref(&scratch.name));
        assert_eq!(document.dehydration.unwrap().tables.len(), 3);
    });
}

#[test]
fn a_schema_that_is_not_ours_is_never_replaced() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        scratch.run(&format!(
            "CREATE DATABASE {0}__work; CREATE TABLE {0}__work.precious (id INT)",
            scratch.name
        ));
        let refused = tool(&directory).arg("--source").run().exits(77);
        assert!(refused.stderr.contains("is not ours"), "{}", refused.stderr);
        assert_eq!(scratch.run(&format!("SHOW TABLES FROM {}__work", scratch.name)), "precious\n");
    });
}

#[test]
fn a_second_run_on_the_same_copy_waits_for_the_first() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let mut holder = server.session();
        let lock = format!("SELECT GET_LOCK('refreshkit.{}__work', 0)", scratch.name);
        assert_eq!(holder.first::<i64>("locking", &lock).unwrap(), Some(1));
        tool(&directory).arg("--source").run().exits(75);
        drop(holder);
        tool(&directory).arg("--source").run().exits(0);
    });
}

#[test]
fn the_masks_key_is_in_no_document_and_in_no_statement() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let input = document(server, std::slice::from_ref(&scratch.name));
        let output = tool(&directory).document(&input).run().exits(0);
        let key = scratch.run(&format!("SELECT HEX(`key`) FROM {}__work.mask_key", scratch.name));
        assert_eq!(key.trim().len(), 64);
        assert!(!output.stdout.to_uppercase().contains(key.trim()));
        assert!(output.stdout.contains("@refreshkit_key"));
    });
}

#[test]
fn sigterm_in_the_middle_of_a_long_statement_stops_tool_and_statement_within_about_a_second() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        scratch.run("CREATE TABLE app_log (n INT); INSERT INTO app_log WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 900) SELECT n FROM a");
        let rules = fs::read_to_string(directory.path().join("refresh.toml")).unwrap();
        let slow = "where = \"(SELECT COUNT(DISTINCT a.n + b.n + c.n + d.n + t.id) FROM app_log a JOIN app_log b JOIN app_log c JOIN app_log d) > 0\"";
        let rules = rules.replace("pinned = [10, 11]", &format!("at_least = 5, {slow}"));
        fs::write(directory.path().join("refresh.toml"), rules).unwrap();
        let input = document(server, std::slice::from_ref(&scratch.name));
        let mut child = tool(&directory).document(&input).spawn();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, refreshkit::document::render(&input).as_bytes()).unwrap();
        drop(stdin);
        let busy = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%`{}%DISTINCT a.n%' AND ID <> CONNECTION_ID()",
            scratch.name
        );
        // Which of the statements it is that takes so long differs from server to server.
        let mut session = server.session();
        let mut running =
            || session.first::<u64>("looking at processes", &busy).unwrap().unwrap_or_default() > 0;
        until("the statement runs", &mut running);
        let term = std::time::Instant::now();
        terminate(&child);
        let output = child.wait_with_output().unwrap();
        // By itself it goes on for hours.
        assert!(term.elapsed() < PATIENCE, "{:?}", term.elapsed());
        assert_eq!(output.status.code(), Some(143), "{}", String::from_utf8_lossy(&output.stderr));
        let document = refreshkit::document::parse(&output.stdout).unwrap();
        assert_eq!(document.error.unwrap().code, "interrupted");
        until("the statement is stopped, too", || !running());
    });
}

#[test]
fn a_json_column_is_json_on_every_server() {
    for_each_server(|server| {
        let (scratch, directory) =
            setting(server, "\"orders.extra\" = { kind = \"constant\", value = \"not json\" }\n");
        scratch.run("ALTER TABLE orders ADD extra JSON");
        let refused = tool(&directory).arg("check").run().exits(78);
        assert!(refused.stderr.contains("is no JSON for"), "{}", refused.stderr);
    });
}
