//! Mask cases as folders: `tests/cases/mask/NAME/` has `schema.sql`, `refresh.toml` and `expect.sql`,
//! `properties.txt` (see `masks_properties.rs`), `warnings.txt` (whole lines), or `error.txt`.
//!
//! The plan of each table `t` is inserted into an empty `masked_t` of the same structure in strict mode, so that
//! everything fits, unique indexes too. Each line of `expect.sql` is a question whose answer must be 1. A line of
//! `error.txt` is a fragment of what the message says. `only.txt` names the one server that can run it, and why. All columns of a case are in table `a` unless it needs more.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use refreshkit::mask::keys_statement;

use crate::closure::{cases, dehydrate};
use crate::masks_properties;
use crate::support::{TestServer, servers};

fn run(server: &TestServer, case: &Path) {
    let name = case.file_name().unwrap().to_str().unwrap();
    let read = |file: &str| fs::read_to_string(case.join(file)).ok();
    if let Some((only, why)) = read("only.txt").as_deref().and_then(|only| only.trim().split_once(": "))
        && !format!("{:?}", server.engine).eq_ignore_ascii_case(only)
    {
        return eprintln!("{name} is not run on {:?}: {why}", server.engine);
    }
    let scratch = server.scratch("mask");
    scratch.run(&read("schema.sql").unwrap());
    let outcome = dehydrate(&scratch, &read("refresh.toml").unwrap());
    if let Some(error) = read("error.txt") {
        let said = outcome.err().unwrap_or_else(|| panic!("{name} on {:?}: no error", server.engine));
        for fragment in error.lines().filter(|line| !line.is_empty()) {
            assert!(said.contains(fragment), "{name} on {:?}: {said:?} lacks {fragment:?}", server.engine);
        }
        return;
    }
    let dehydration = outcome.unwrap_or_else(|e| panic!("{name} on {:?}: {e}", server.engine));
    for warning in read("warnings.txt").unwrap_or_default().lines() {
        let wanted = warning.replace("{db}", &scratch.name);
        let said = &dehydration.warnings;
        assert!(said.contains(&wanted), "{name} on {:?}: {said:?} lacks {wanted:?}", server.engine);
    }
    let (questions, properties) = (read("expect.sql"), read("properties.txt"));
    if questions.is_none() && properties.is_none() {
        assert!(read("warnings.txt").is_some(), "{name} expects nothing");
        return;
    }
    let mut session = server.server().connect_to(Some(&scratch.name)).unwrap();
    session.run("being strict", "SET SESSION sql_mode = 'STRICT_ALL_TABLES'").unwrap();
    for statement in &dehydration.session {
        session.run("reading the key", statement).unwrap();
    }
    for plan in &dehydration.tables {
        let columns: Vec<String> = plan.columns.iter().map(|c| format!("`{}`", c.name)).collect();
        let copy = format!("masked_{}", plan.table);
        session.run("copying", &format!("CREATE TABLE `{copy}` LIKE `{}`", plan.table)).unwrap();
        let insert = format!("INSERT INTO `{copy}` ({}) {}", columns.join(", "), plan.select);
        session
            .run("copying", &insert)
            .unwrap_or_else(|e| panic!("{name} on {:?}: {e:?}\n{insert}", server.engine));
    }
    for line in properties.unwrap_or_default().lines().filter(|line| !line.is_empty()) {
        let context = format!("{name} on {:?}: {line}", server.engine);
        masks_properties::check(&mut session, &dehydration, line, &context);
    }
    for question in questions.unwrap_or_default().lines().filter(|line| !line.is_empty()) {
        let answer: Option<i64> = session.first("asking", question).unwrap();
        assert_eq!(answer, Some(1), "{name} on {:?}: {question}", server.engine);
    }
}

#[test]
fn every_mask_case_holds_on_every_server() {
    let mut failed = Vec::new();
    for server in servers() {
        for case in &cases("mask") {
            // All that fail are named, not the first alone; each says why when it panics.
            if catch_unwind(|| run(&server, case)).is_err() {
                failed.push(format!("{} on {:?}", case.display(), server.engine));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A document as a sample of one row.
fn keys_of(server: &TestServer, document: &str) -> Vec<String> {
    let value = refreshkit::sql::literal(document);
    let statement = keys_statement(&format!("(SELECT LEFT(CONVERT({value} USING utf8mb4), 4000) AS v)"));
    let mut session = server.server().connect().unwrap();
    let rows: Vec<(String, u64, u64)> = session.rows("reading keys", &statement).unwrap();
    let mut keys: Vec<String> = rows.into_iter().map(|(key, _, _)| key).collect();
    keys.sort();
    keys
}

#[test]
fn of_documents_the_keys_leave_the_server_and_no_value_does() {
    let link = r#"<a href=\"https://shop.example/maria\">Maria, Huber: \"x\"</a>\n"#;
    let long: String = format!(r#"{{"id":1,"html":"{}"#, link.repeat(80)).chars().take(4_480).collect();
    let long = long + "\"";
    assert_eq!(long.chars().count(), 4_481);
    for server in servers() {
        for (document, expected) in [
            (
                r#"{"firstName": "Maria", "lastName": "Huber", "bio": "<p>Hello</p>"}"#,
                &["bio", "firstName", "lastName"][..],
            ),
            (&long, &["html", "id"]),
            (
                r#"{"tags": ["Maria", "Huber, \"a\": b"], "age": 41, "note": "cut Mar"#,
                &["age", "note", "tags"],
            ),
            (
                r#"[{"name": "first_name", "value": "Maria"}, {"name":"e-mail","type":"text","value":"m@x.org"}]"#,
                &["e-mail", "first_name", "name", "type", "value"],
            ),
            (r#"{"name": "Maria", "street": "Main"}"#, &["name", "street"]),
            ("<Insured born='1970'><Name>Maria Huber</Name><!-- Huber -->", &["Insured", "Name", "born"]),
            ("<Insured Name='Maria Hub", &["Insured", "Name"]),
            ("<Insured><![CDATA[Maria <b>Hub", &["Insured"]),
        ] {
            assert_eq!(keys_of(&server, document), expected, "{document} on {:?}", server.engine);
        }
    }
}
