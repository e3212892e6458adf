//! What `dev-restore` must not lose or touch when a refresh fails or was killed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use refreshkit::mysql::Engine;

use crate::dump_safety::Limited;
use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::forge::Forge;
use crate::support::{TestServer, for_each_server, on_all_servers_at_once};

#[test]
fn a_refresh_that_cannot_have_the_tables_leaves_the_copy_for_undo() {
    // It tries for half a minute.
    on_all_servers_at_once(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        place.tool(&["--target", "dev3"]).run().exits(0);
        let mut busy = server.session();
        busy.run("beginning", "BEGIN").unwrap();
        busy.first::<u64>("reading", &format!("SELECT COUNT(*) FROM `{}`.bag", place.database())).unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(75);
        assert!(output.stderr.contains("is in use, the swap waited"), "{}", output.stderr);
        busy.run("ending", "COMMIT").unwrap();
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);
    });
}

/// A refresh that waits for the tables, killed; the database is the developer's again.
fn killed_while_it_waits(place: &Place) {
    let name = place.database();
    let mut busy = place.session();
    busy.run("beginning", "BEGIN").unwrap();
    busy.first::<u64>("reading", &format!("SELECT COUNT(*) FROM `{name}`.mine")).unwrap();
    let mut child = place.tool(&["--target", "dev3"]).spawn();
    let started = Instant::now();
    let until = |sql: &str| {
        let mut session = place.session();
        while session.first::<i64>("waiting", sql).ok().flatten() != Some(1) {
            assert!(started.elapsed() < Duration::from_secs(120), "never: {sql}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until(&format!("SELECT COUNT(*) FROM `{name}__previous`.refreshkit_refresh WHERE name = 'plan'"));
    child.kill().unwrap();
    child.wait().unwrap();
    busy.run("ending", "COMMIT").unwrap();
    until(&format!("SELECT IS_FREE_LOCK('refreshkit.{name}')"));
}

/// What `status --json` and `status --plain` say, which is the same.
fn state(place: &Place) -> String {
    let plain = place.tool(&["status", "--target", "dev3", "--plain"]).run().exits(0).stdout;
    let json = place.tool(&["status", "--target", "dev3", "--json"]).run().exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["state"], plain.trim());
    plain.trim().to_owned()
}

const BEFORE: &str = "CREATE TABLE mine (id INT PRIMARY KEY); CREATE PROCEDURE settle() SELECT 'old';
    CREATE TRIGGER mine_1 BEFORE INSERT ON mine FOR EACH ROW SET NEW.id = NEW.id + 1";

const MEANWHILE: &str = "DROP PROCEDURE settle; CREATE PROCEDURE settle() SELECT 'meanwhile';
    CREATE PROCEDURE own() SELECT 'own'; CREATE VIEW own_view AS SELECT 1 AS one";

#[test]
fn a_repair_that_reverts_keeps_what_was_made_since() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(BEFORE);
        killed_while_it_waits(&place);
        assert_eq!(state(&place), "interrupted");
        place.target.run("DROP TRIGGER IF EXISTS mine_1");
        place.target.run(MEANWHILE);
        place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0);
        assert_eq!(state(&place), "whole");
        assert_eq!(
            place.target.run("CALL settle; CALL own; SELECT one FROM own_view"),
            "meanwhile\nown\n1\n"
        );
        place.target.run("INSERT INTO mine VALUES (1)");
        assert_eq!(place.target.run("SELECT id FROM mine"), "2\n", "the trigger that was set aside is back");
        assert_eq!(place.databases(), [place.database()]);
    });
}

#[test]
fn a_repair_that_finishes_keeps_what_was_made_since() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(BEFORE);
        killed_while_it_waits(&place);
        // What the swap would have done next.
        let (live, staging) = (place.database(), format!("{}__refresh", place.database()));
        let mut session = place.session();
        for sql in [
            format!("DROP TRIGGER IF EXISTS `{live}`.mine_1"),
            format!("DROP TRIGGER IF EXISTS `{staging}`.orders_audit"),
            format!("DROP TRIGGER IF EXISTS `{staging}`.orders_audit_2"),
            format!("CREATE DATABASE IF NOT EXISTS `{live}__previous`"),
            format!(
                "CREATE TABLE IF NOT EXISTS `{live}__previous`.refreshkit_previous \
                 (`name` VARCHAR(64) PRIMARY KEY, `value` LONGTEXT NOT NULL)"
            ),
        ] {
            session.run("swapping", &sql).unwrap();
        }
        let new = ["audit", "bag", "customers", "history", "lines", "orders"];
        let mut pairs = vec![format!("`{live}`.mine TO `{live}__previous`.mine")];
        pairs.extend(new.iter().map(|table| format!("`{staging}`.`{table}` TO `{live}`.`{table}`")));
        pairs.push(format!("`{live}__previous`.refreshkit_refresh TO `{live}__previous`.refreshkit_swapped"));
        session.run("swapping", &format!("RENAME TABLE {}", pairs.join(", "))).unwrap();
        assert_eq!(state(&place), "unfinished");
        place.target.run(MEANWHILE);
        place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0);
        assert_eq!(place.target.run("CALL own; SELECT one FROM own_view"), "own\n1\n");
        place.target.run("DROP PROCEDURE own; DROP VIEW own_view");
        assert_same(&picture(server, live), &picture(server, &source.name));
    });
}

#[test]
fn a_table_that_survives_does_so_whole_or_the_refresh_fails() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE bag (word TEXT); INSERT INTO bag VALUES (REPEAT('long ', 9))");
        place.configure_target("preserve = [\"bag\"]");
        let output = place.tool(&["--target", "dev3"]).run().exits(69);
        let said = format!("preserving `{}`.`bag`", place.database());
        assert!(output.stderr.contains(&said), "{}", output.stderr);
        assert_eq!(place.target.run("SELECT LENGTH(word) FROM bag"), "45\n");
        assert_eq!(place.databases(), [place.database()]);
        place.target.run("UPDATE bag SET word = 'short'");
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run("SELECT word FROM bag"), "short\n");
    });
}

#[test]
fn a_database_of_a_collation_that_the_target_lacks_gets_the_charset() {
    let collation = |server: &TestServer| match server.session().engine() {
        Engine::MySql => "utf8mb4_0900_ai_ci",
        Engine::MariaDb => "utf8mb4_uca1400_ai_ci",
    };
    let servers = Mutex::new(Vec::new());
    for_each_server(|server| servers.lock().unwrap().push(server.clone()));
    let servers = servers.into_inner().unwrap();
    for (from, to) in servers.iter().flat_map(|from| servers.iter().map(move |to| (from, to))) {
        let source = from.scratch("restore_src");
        source.run(&format!("ALTER DATABASE COLLATE {}", collation(from)));
        source.run("CREATE TABLE t (a VARCHAR(9)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
        source.run("INSERT INTO t VALUES ('é')");
        let dumped = Place::with_dump_of(&source);
        let other = to.scratch("restore_other");
        other.run("CREATE TABLE t (a INT)");
        let mut place = Place::with_dump_of(&other);
        place.option_file = to.client_cnf.clone();
        place.configure("");
        let name = "app-20261122T020000Z.sql.gz";
        std::fs::copy(dumped.path(name), place.path(name)).unwrap();
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run("SELECT a FROM t"), "é\n");
        let found = place.target.run("SELECT @@character_set_database, @@collation_database");
        assert!(found.starts_with("utf8mb4\t"), "{found}");
        let same = std::mem::discriminant(&from.session().engine())
            == std::mem::discriminant(&to.session().engine());
        assert!(!same || found.contains(collation(from)), "{found}");
    }
}

#[test]
fn a_server_that_calls_itself_like_the_source_is_refused() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        let own = place.session().first::<String>("asking", "SELECT @@hostname").unwrap().unwrap();
        let cluster = own.split(['.', '-']).next().unwrap();
        place.configure(&format!("[source]\ncluster = \"{cluster}\"\n"));
        let output = place.tool(&["--target", "dev3"]).run().exits(77);
        assert!(output.stderr.contains("it calls itself"), "{}", output.stderr);
        place.configure("[source]\ncluster = \"another-one\"\n");
        place.tool(&["--target", "dev3"]).run().exits(0);
    });
}

#[test]
fn an_account_that_may_not_make_the_databases_is_told_which_rights_it_needs() {
    for_each_server(|server| {
        let mut place = Place::with_dump_of(&shop(server));
        let grant = format!("ALL ON `{}`.*", place.database());
        let limited = Limited::new(server, place.directory.path(), "few", &[&grant]);
        place.option_file.clone_from(&limited.server.client_cnf);
        place.configure("");
        let output = place.tool(&["--target", "dev3"]).run().exits(69);
        assert!(output.stderr.contains("__previous failed on few"), "{}", output.stderr);
        assert!(output.stderr.contains("hint: the account needs all rights on"), "{}", output.stderr);
    });
}

#[test]
fn what_was_made_under_other_settings_comes_back_as_it_was() {
    for_each_server(|server| {
        let source = server.scratch("settings_src");
        let wide: Vec<String> = (1..=40).map(|n| format!("c{n} varchar(60)")).collect();
        source.run(&format!(
            "SET SESSION innodb_strict_mode = OFF; CREATE TABLE wide (id int primary key, {}) DEFAULT CHARSET = utf8mb4;
             INSERT INTO wide (id, c1) VALUES (1, 'x'); SET sql_mode = 'ALLOW_INVALID_DATES';
             CREATE TABLE odd (id int primary key, at date NOT NULL DEFAULT '2020-00-00', t datetime);
             INSERT INTO odd VALUES (1, '2021-02-31', '2021-02-30 10:00:00'), (2, '0000-00-00', NULL)",
            wide.join(", ")
        ));
        if server.session().version().contains("MariaDB") {
            source.run(
                "SET check_constraint_checks = 0; CREATE TABLE checked (id int primary key, v int, CONSTRAINT pos CHECK (v > 0));
                 INSERT INTO checked VALUES (1, -5), (2, 5)",
            );
        }
        let place = Place::with_dump_of(&source);
        for arguments in [&[][..], &["--insert"]] {
            place.tool(&[&["--target", "dev3"], arguments].concat()).run().exits(0);
            assert_same(&picture(server, place.database()), &picture(server, &source.name));
        }
    });
}

#[test]
fn a_collation_that_the_server_does_not_have_is_told_before_anything_is_loaded() {
    for_each_server(|server| {
        let source = server.scratch("collation_src");
        source.run("CREATE TABLE t (a varchar(9) COLLATE utf8mb4_unicode_ci); INSERT INTO t VALUES ('x')");
        let place = Place::with_dump_of(&source);
        let dump = place.path("app-20261122T020000Z.sql.gz");
        let forge = Forge::of(&std::fs::read(&dump).unwrap());
        let other = |text: String| text.replace("utf8mb4_unicode_ci", "utf8mb4_klingon_ci");
        std::fs::write(&dump, forge.bytes(other)).unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(69);
        assert!(
            output.stderr.contains("does not know the collation utf8mb4_klingon_ci"),
            "{}",
            output.stderr
        );
        assert!(!output.stderr.contains("loaded"), "{}", output.stderr);
    });
}

#[test]
fn triggers_do_what_they_did_whatever_is_quoted_in_them() {
    for_each_server(|server| {
        let source = server.scratch("triggers_src");
        source.run(
            r#"CREATE TABLE t (id int primary key); CREATE TABLE log (n int auto_increment primary key, w varchar(60));
             CREATE FUNCTION f(x varchar(20)) RETURNS varchar(40) DETERMINISTIC RETURN CONCAT(x, 'é', '''');
             CREATE TRIGGER one AFTER INSERT ON t FOR EACH ROW INSERT INTO log (w) VALUES (CONCAT('it''s \\ \'', f('x')));
             CREATE TRIGGER two AFTER INSERT ON t FOR EACH ROW PRECEDES one INSERT INTO log (w) VALUES ('first');
             SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
             CREATE TRIGGER three AFTER INSERT ON t FOR EACH ROW INSERT INTO "log" (w) VALUES ('a\');"#,
        );
        let place = Place::with_dump_of(&source);
        let what = "INSERT INTO t VALUES (1); SELECT w FROM log ORDER BY n";
        // The second time they are in the database in use and are set aside; then they come back from there.
        place.tool(&["--target", "dev3"]).run().exits(0);
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run(what), source.run(what));
        assert_eq!(source.run("SELECT COUNT(*) FROM log"), "3\n");
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run(what), source.run("SELECT w FROM log ORDER BY n"));
    });
}
