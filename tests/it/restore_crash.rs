//! `dev-restore` killed at any moment: the database is whole, and the next run finishes or reverts.

use std::time::Instant;

use crate::restore_place::{Place, assert_same, picture, shop};
use crate::support::{PATIENCE, TestServer, for_each_server, terminate, until};

/// How many times a refresh is killed on each server; `REFRESHKIT_TEST_KILLS=60` takes a while.
fn kills() -> u32 {
    std::env::var_os("REFRESHKIT_TEST_KILLS")
        .map_or(8, |text| text.to_str().unwrap().parse().expect("a number"))
}

/// The tables of a picture: what one RENAME swaps.
fn tables(picture: &str) -> String {
    picture.split("\nCREATE ALGORITHM").next().unwrap().to_owned()
}

/// A killed client's last statement may still be at work; its lock says when it is over.
pub(crate) fn wait_for_the_server(server: &TestServer, database: &str) {
    let sql = format!("SELECT IS_FREE_LOCK('refreshkit.{database}')");
    until("the lock is free", || server.session().first::<i64>("waiting", &sql).unwrap() == Some(1));
}

#[test]
fn a_dry_undo_of_what_was_interrupted_says_so_and_calls_nothing_of_ours_foreign() {
    for_each_server(|server| {
        let place = Place::with_dump_of(&shop(server));
        place.tool(&["--target", "dev3"]).run().exits(0);
        let sql = format!("CREATE TABLE `{}__previous`.refreshkit_refresh (n INT)", place.database());
        place.session().run("as a refresh that begins does", &sql).unwrap();
        let said = place.tool(&["undo", "--target", "dev3", "--dry-run"]).run().exits(65).stderr;
        assert!(
            said.contains("a refresh that was interrupted") && said.contains("status --repair"),
            "{said}"
        );
        assert!(!said.contains("DROP DATABASE"), "{said}");
    });
}

#[test]
fn killed_at_any_moment_the_database_is_wholly_old_or_wholly_new() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        let one = picture(server, &source.name);
        source.run("DELETE FROM bag; CREATE TABLE second (a INT); DROP VIEW a_rich; DROP PROCEDURE settle; CREATE TRIGGER bag_before BEFORE INSERT ON bag FOR EACH ROW SET NEW.word = UPPER(NEW.word)");
        let two = picture(server, &source.name);
        place.dump(&source, "20261123T020000Z");
        let started = Instant::now();
        place.tool(&["--target", "dev3", "--dump", "2026-11-22"]).run().exits(0);
        let whole = started.elapsed();
        let mut seen = [0, 0];
        let kills = kills();
        for kill in 0..kills {
            let now = picture(server, place.database());
            let day = if now == one { "2026-11-23" } else { "2026-11-22" };
            let mut child = place.tool(&["--target", "dev3", "--dump", day]).spawn();
            // The second half, where the swap is, gets most of them.
            std::thread::sleep(whole * (kills / 2 + kill) / (kills * 3 / 2));
            child.kill().unwrap();
            child.wait().unwrap();
            wait_for_the_server(server, place.database());
            let found = tables(&picture(server, place.database()));
            assert!(found == tables(&one) || found == tables(&two), "neither old nor new:\n{found}");
            place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0);
            let repaired = picture(server, place.database());
            assert_eq!(tables(&repaired), found, "a repair never changes tables");
            let expected = if found == tables(&one) { &one } else { &two };
            assert_same(&repaired, expected);
            seen[usize::from(now != repaired)] += 1;
        }
        eprintln!("{} kills before the swap, {} after it", seen[0], seen[1]);
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &two);
        assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
    });
}

#[test]
fn a_refresh_that_is_told_to_stop_leaves_the_database_as_it_was() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE mine (a INT)");
        let old = picture(server, place.database());
        // Longer than anybody here waits.
        place.configure_target("after = [\"SELECT SLEEP(1000)\"]");
        let child = place.tool(&["--target", "dev3"]).spawn();
        let sleeps = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '{}__refresh' AND INFO = 'SELECT SLEEP(1000)'",
            place.database()
        );
        let mut session = server.session();
        until("it is asleep", || session.first::<i64>("looking", &sleeps).unwrap() == Some(1));
        terminate(&child);
        let told = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(143));
        assert!(told.elapsed() < PATIENCE);
        assert!(String::from_utf8_lossy(&output.stdout).contains("\"interrupted\""));
        assert_same(&picture(server, place.database()), &old);
        place.configure("");
        place.tool(&["--target", "dev3"]).run().exits(0);
    });
}

#[test]
fn status_names_the_triggers_that_an_interrupted_swap_had_set_aside() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE mine (a INT); CREATE TABLE seen (a INT)");
        let live = place.database();
        let create = "CREATE TRIGGER `tr` BEFORE INSERT ON `mine` FOR EACH ROW SET NEW.a = 7";
        let contents = |database: &str, objects: &str| {
            format!(
                r#"{{"database":"{database}","collation":["utf8mb4","utf8mb4_general_ci"],"tables":["mine","seen"],"objects":[{objects}]}}"#
            )
        };
        let trigger = format!(r#"{{"kind":"trigger","name":"tr","table":"mine","create":"{create}"}}"#);
        let plan = format!(
            r#"{{"staging":"{live}__refresh","outgoing":"{live}__previous","history":"","live":{},"incoming":{}}}"#,
            contents(live, &trigger),
            contents(&format!("{live}__refresh"), "")
        );
        // What a swap on MariaDB leaves that is killed right before its RENAME.
        place.target.run(&format!(
            "CREATE DATABASE {live}__previous; CREATE TABLE {live}__previous.refreshkit_refresh (name VARCHAR(64) PRIMARY KEY, value LONGTEXT);
             INSERT INTO {live}__previous.refreshkit_refresh VALUES ('plan', '{plan}')"
        ));
        let told = place.tool(&["status", "--target", "dev3"]).run().exits(0).stdout;
        assert!(
            told.contains("the tables are as they were, without triggers")
                && told.contains("missing   the triggers tr"),
            "{told}"
        );
        assert_eq!(
            place.tool(&["status", "--target", "dev3", "--plain"]).run().exits(0).stdout,
            "interrupted\n"
        );
        let told = place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0).stdout;
        assert!(told.contains("state     whole") && !told.contains("missing"), "{told}");
        assert_eq!(place.target.run("INSERT INTO mine VALUES (1); SELECT a FROM mine"), "7\n");
    });
}
