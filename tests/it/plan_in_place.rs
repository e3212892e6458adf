//! Rewriting the copy itself: what must survive, who may, and what a kill leaves.

use std::fs;
use std::time::Duration;

use crate::closure::document;
use crate::support::{Scratch, TestServer, Tool, for_each_server};

const SCHEMA: &str = "
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(90)) AUTO_INCREMENT = 700;
CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60) UNIQUE, boss INT NULL, KEY boss (boss),
    doubled INT GENERATED ALWAYS AS (boss * 2) VIRTUAL, CONSTRAINT boss FOREIGN KEY (boss) REFERENCES users (id)) COMMENT = 'people' AUTO_INCREMENT = 5000;
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, email VARCHAR(60), at DATE,
    CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE) AUTO_INCREMENT = 9000;
CREATE TABLE parts (id INT, day DATE, PRIMARY KEY (id, day)) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO users (id, email, boss) VALUES (1, 'a@real.example', NULL), (2, 'b@real.example', 1), (3, 'c@real.example', NULL);
INSERT INTO orders VALUES (10, 2, 'B@real.example', '2026-11-01'), (11, 3, 'c@real.example', '2020-01-01');
INSERT INTO parts VALUES (1, '2026-01-01'), (2, '2026-01-01');
INSERT INTO log VALUES (1, 'x');
CREATE TABLE pad (id INT PRIMARY KEY);
INSERT INTO pad VALUES (1);
CREATE TRIGGER tell BEFORE INSERT ON orders FOR EACH ROW INSERT INTO log (what) VALUES (CONCAT('it''s order ', NEW.id));
";

fn setting(server: &TestServer) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("inplace");
    scratch.run(SCHEMA);
    let directory = scratch.directory();
    let text = format!(
        r#"
[dehydrate]
root = {{ table = "orders", date = "at", window = "60d" }}
empty = ["log"]
full = ["parts"]
ignore = ["pad"]
work_schema = "{db}__work"
[mask]
"*.email" = "email"
"#,
        db = scratch.name,
    );
    fs::write(directory.path().join("refresh.toml"), text).unwrap();
    (scratch, directory)
}

fn tool(directory: &tempfile::TempDir) -> Tool {
    Tool::new("mydehydrate").arg("--config").arg(directory.path().join("refresh.toml")).arg("--in-place")
}

fn assert_small_and_whole(scratch: &Scratch) {
    assert_eq!(scratch.run("SELECT id FROM orders"), "10\n");
    assert_eq!(scratch.run("SELECT id FROM users ORDER BY id"), "1\n2\n");
    let once = "SELECT COUNT(*) FROM orders o JOIN users u ON u.id = o.user_id AND u.email = o.email \
                WHERE u.email LIKE 'u%@example.test'";
    assert_eq!(scratch.run(once), "1\n", "masked once, and alike in both tables");
    assert_eq!(scratch.run("SELECT COUNT(*) FROM log"), "0\n", "no trigger fired");
    assert_eq!(scratch.run("SELECT COUNT(*) FROM parts"), "2\n");
    assert_eq!(scratch.run("SELECT COUNT(*) FROM pad"), "0\n", "no clear row stays behind");
    let create = scratch.run("SHOW CREATE TABLE users; SHOW CREATE TABLE orders; SHOW CREATE TABLE log");
    for kept in [
        "CONSTRAINT `boss` FOREIGN KEY (`boss`) REFERENCES `users` (`id`)",
        "CONSTRAINT `owner` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE",
        "AUTO_INCREMENT=3",
        "AUTO_INCREMENT=11",
        "COMMENT='people'",
    ] {
        assert!(create.contains(kept), "{kept}\n{create}");
    }
    for number in ["5000", "9000", "700"] {
        assert!(!create.contains(number), "how far production has come: {create}");
    }
    scratch.run("INSERT INTO orders (user_id) VALUES (2)");
    assert_eq!(scratch.run("SELECT what FROM log"), "it's order 0\n", "the trigger is there again");
    scratch.run("DELETE FROM users WHERE id = 2");
    assert_eq!(scratch.run("SELECT COUNT(*) FROM orders"), "0\n", "the foreign key works");
    assert_eq!(scratch.run("SHOW TABLES"), "log\norders\npad\nparts\nusers\n");
}

#[test]
fn foreign_keys_triggers_counters_and_comments_survive_a_rewrite() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        let input = document(server, std::slice::from_ref(&scratch.name));
        let plan = tool(&directory).document(&input).run().exits(0).document().dehydration.unwrap();
        assert!(plan.in_place);
        assert_eq!(plan.tables.iter().map(|table| table.rows).sum::<u64>(), 5);
        assert!(plan.tables.iter().all(|table| table.filter.is_none()));
        let left = scratch.run(&format!("SHOW TABLES FROM {}__work", scratch.name));
        assert_eq!(left, "in_place\nin_place_tables\nrefreshkit\n", "neither the key nor keys of originals");
        assert_small_and_whole(&scratch);
    });
}

#[test]
fn a_server_that_is_no_throw_away_copy_is_not_rewritten() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server);
        let mut input = document(server, std::slice::from_ref(&scratch.name));
        input.cluster.as_mut().unwrap().throw_away = false;
        tool(&directory).document(&input).run().exits(77);
        assert_eq!(scratch.run("SELECT COUNT(*) FROM orders"), "2\n");
    });
}

#[test]
fn a_rewrite_that_was_killed_anywhere_is_finished_by_the_next_run() {
    for_each_server(|server| {
        for delay in [80, 200, 320, 480] {
            let (scratch, directory) = setting(server);
            let input = document(server, std::slice::from_ref(&scratch.name));
            let mut child = tool(&directory).document(&input).spawn();
            {
                use std::io::Write;
                let mut stdin = child.stdin.take().unwrap();
                stdin.write_all(refreshkit::document::render(&input).as_bytes()).unwrap();
            }
            std::thread::sleep(Duration::from_millis(delay));
            child.kill().unwrap();
            child.wait().unwrap();
            finish(&directory, &input);
            assert_small_and_whole(&scratch);
        }
    });
}

/// The server may need a moment to notice that the killed run's connection is gone.
fn finish(directory: &tempfile::TempDir, input: &refreshkit::document::Document) {
    for _ in 0..1_800 {
        let output = tool(directory).document(input).run();
        if output.code != 75 {
            output.exits(0);
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the lock was never released");
}
