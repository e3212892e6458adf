//! Canaries: made-up rows go through the masks, and nothing of them is left behind.

use crate::closure::document;
use crate::leaks::tool_with;
use crate::support::{Output, Scratch, TestServer, for_each_server};

const SCHEMA: &str = "
CREATE TABLE people (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, first_name VARCHAR(60) NOT NULL, last_name VARCHAR(60) NOT NULL,
    email VARCHAR(120) NOT NULL, contact JSON, tax_id BIGINT, visits INT NOT NULL DEFAULT 0, doubled INT GENERATED ALWAYS AS (visits * 2) VIRTUAL, UNIQUE KEY (email)) AUTO_INCREMENT = 700;
CREATE TABLE orders (id INT PRIMARY KEY, person_id INT UNSIGNED NOT NULL, kind ENUM('a','b') NOT NULL, made DATETIME NOT NULL, total DECIMAL(8,2) NOT NULL,
    CONSTRAINT owner FOREIGN KEY (person_id) REFERENCES people (id));
CREATE TABLE files (owner_type VARCHAR(16) NOT NULL, owner_id INT NOT NULL, n INT NOT NULL, name_of VARCHAR(90), PRIMARY KEY (owner_type, owner_id, n));
CREATE TABLE watched (id INT PRIMARY KEY, order_id INT, email VARCHAR(90));
CREATE TABLE picky (id INT PRIMARY KEY, order_id INT, email VARCHAR(90), CHECK (email NOT LIKE '%qz%'));
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(90));
CREATE TRIGGER tell BEFORE INSERT ON watched FOR EACH ROW INSERT INTO log (what) VALUES (NEW.email);
INSERT INTO people (id, first_name, last_name, email, contact, tax_id) VALUES
    (1, 'Ana', 'Kowalczyk', 'ana@real.example', '{\"email\": \"ana@real.example\", \"floor\": 3}', 70000000001);
INSERT INTO orders VALUES (1, 1, 'a', '2026-11-01', 3.5);
INSERT INTO files VALUES ('order', 1, 1, 'ana@real.example');
INSERT INTO watched VALUES (1, 1, 'w@real.example');
INSERT INTO picky VALUES (1, 1, 'p@real.example');
DELETE FROM log;
";

const RULES: &str = r#"
[dehydrate]
root = { table = "orders", date = "made", at_least = 10 }
empty = ["log"]
[relations]
"files.owner_id" = { to = "orders.id", where = "owner_type = 'order'" }
"watched.order_id" = "orders.id"
"picky.order_id" = "orders.id"
[mask]
"people.first_name" = "first_name"
"people.last_name" = "last_name"
"*.email" = "email"
"people.contact" = { kind = "json", paths = { "$.email" = "email" } }
"people.tax_id" = "hash"
"#;

fn night(server: &TestServer, scratch: &Scratch, more: &str, throw_away: bool) -> Output {
    let directory = scratch.directory();
    scratch.write_rules(directory.path(), &format!("{RULES}{more}\n"));
    let mut input = document(server, std::slice::from_ref(&scratch.name));
    input.cluster.as_mut().unwrap().throw_away = throw_away;
    tool_with("mydehydrate", directory.path(), &input, &[])
}

/// Everything in the copy and in the key tables.
fn state(scratch: &Scratch) -> String {
    let tables = ["people", "orders", "files", "watched", "picky", "log"];
    let rows =
        tables.map(|table| scratch.run(&format!("SELECT '{table}', t.* FROM {table} AS t ORDER BY 2")));
    rows.concat()
}

#[test]
fn masks_that_hide_let_no_canary_through_and_nothing_of_it_stays() {
    for_each_server(|server| {
        let scratch = server.scratch("canary");
        scratch.run(SCHEMA);
        let before = state(&scratch);
        let output = night(server, &scratch, "\"files.name_of\" = \"hash\"", true).exits(0);
        assert!(
            output.stderr.contains("canaries in 3 tables, 3 of them along relations: none came"),
            "{}",
            output.stderr
        );
        let plan = output.document().dehydration.unwrap();
        let said = plan.warnings.join("\n");
        assert!(said.contains("watched has no canary: it has triggers"), "{said}");
        assert!(said.contains("picky has no canary: ") && !said.contains("real.example"), "{said}");
        assert!(!said.contains("did not come along"), "{said}");
        assert_eq!(plan.tables.iter().map(|table| table.rows).sum::<u64>(), 5);
        assert_eq!(state(&scratch), before, "the copy is as it was");
        let work = format!("{}__work", scratch.name);
        let tables = scratch.run(&format!("SHOW TABLES FROM `{work}` LIKE 'k\\_%'"));
        let kept: u64 = tables
            .lines()
            .map(|table| {
                scratch
                    .run(&format!("SELECT COUNT(*) FROM `{work}`.`{table}`"))
                    .trim()
                    .parse::<u64>()
                    .unwrap()
            })
            .sum();
        assert_eq!(kept, 5, "the key tables are as they were");
    });
}

#[test]
fn a_mask_that_lets_its_value_through_refuses_the_run() {
    for_each_server(|server| {
        let scratch = server.scratch("canary");
        scratch.run(SCHEMA);
        let before = state(&scratch);
        let leaky = "\"files.name_of\" = { kind = \"sql\", sql = \"CONCAT('x', UPPER(t.name_of))\" }";
        let error = night(server, &scratch, leaky, true).exits(77).document().error.unwrap();
        assert_eq!(error.code, "canaries");
        assert!(
            error.message.ends_with(&format!("in 1 column(s): {}.files.name_of", scratch.name)),
            "{}",
            error.message
        );
        assert_eq!(state(&scratch), before);
        // Nobody asked, or nobody may.
        night(server, &scratch, &format!("{leaky}\ncanaries = \"off\""), true).exits(0);
        assert_eq!(state(&scratch), before);
    });
}
