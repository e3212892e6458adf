//! `dev-restore` on real servers: load, verify, swap, undo, and every way in which it must say no.

use std::io::BufRead;

use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::{TestServer, Tool, for_each_server};

#[test]
fn a_refresh_replaces_everything_and_undo_brings_everything_back() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let (new, old) = (picture(server, &source.name), picture(server, place.database()));
        let document = place.tool(&["--target", "dev3"]).run().exits(0).document();
        assert_same(&picture(server, place.database()), &new);
        let refresh = document.refresh.unwrap();
        assert_eq!(refresh.dump, "app-20261122T020000Z.sql.gz");
        assert_eq!(refresh.previous.as_deref(), Some(format!("{}__previous", place.database()).as_str()));
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z");
        assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
        // The foreign keys point at each other, not at what was there before, and the triggers fire.
        let wrong = server
            .session()
            .run("inserting", &format!("INSERT INTO `{}`.orders VALUES (99, 77, 1, NULL)", place.database()));
        assert_eq!(wrong.unwrap_err().number(), Some(1452));
        place.target.run("INSERT INTO orders VALUES (12, 2, 1, NULL)");
        assert_eq!(place.target.run("SELECT what FROM audit ORDER BY id"), "order 12\nthen 24\n");
        assert_eq!(place.target.run("SELECT n FROM a_rich WHERE id = 2"), "2\n");
        let used = picture(server, place.database());
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &used);
        // Once more over a database that a refresh made.
        place.tool(&["run", "--target", "dev3", "--insert", "--verify", "count"]).run().exits(0);
        assert_same(&picture(server, place.database()), &new);
    });
}

#[test]
fn a_target_that_does_not_exist_yet_is_made_and_there_is_nothing_to_undo() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.session().run("dropping", &format!("DROP DATABASE `{}`", place.database())).unwrap();
        place.tool(&["--target", "dev3", "--dump", "2026-11-22"]).run().exits(0);
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
        let undo = place.tool(&["undo", "--target", "dev3"]).run().exits(65);
        assert!(undo.stderr.contains("there is nothing to undo"), "{}", undo.stderr);
    });
}

#[test]
fn what_must_not_be_is_refused_and_the_database_stays_as_it_was() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let says = |arguments: &[&str], code: i32, words: &str| {
            let output = place.tool(arguments).run().exits(code);
            assert!(output.stderr.contains(words), "{arguments:?} should say {words:?}:\n{}", output.stderr);
            assert_same(&picture(server, place.database()), &old);
            assert_eq!(place.databases(), [place.database()]);
        };
        says(&["--target", "prod"], 77, "prod is not a target; there is dev3");
        says(
            &["--target", "dev3", "--dump", "app-20261101T020000Z.sql.gz"],
            65,
            "there is app-20261122T020000Z.sql.gz",
        );
        says(&["--target", "dev3", "--ref", "x"], 78, "[migrations] repository is not set");
        let cnf = server.client_cnf.display();
        place.configure(&format!("[source]\ndefaults_file = \"{cnf}\"\n"));
        says(&["--target", "dev3"], 77, "target dev3 looks like the source");
        place.configure("");
        // A foreign key from outside would go on pointing at the old table.
        let mut session = place.session();
        let outside = format!("{}_outside", place.database());
        session.run("making", &format!("CREATE DATABASE `{outside}`")).unwrap();
        let child = format!(
            "CREATE TABLE `{outside}`.c (id INT, FOREIGN KEY (id) REFERENCES `{}`.mine (id))",
            place.database()
        );
        session.run("making", &child).unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(77);
        assert!(output.stderr.contains(&format!("{outside}.c has a foreign key to ")), "{}", output.stderr);
        session.run("dropping", &format!("DROP DATABASE `{outside}`")).unwrap();
        assert_eq!(place.databases(), [place.database()]);
        // A database in the way that is somebody's own.
        session.run("making", &format!("CREATE DATABASE `{}__refresh`", place.database())).unwrap();
        session
            .run("making", &format!("CREATE TABLE `{}__refresh`.`own` (a INT)", place.database()))
            .unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(77);
        assert!(output.stderr.contains("was not made by dev-restore"), "{}", output.stderr);
        session.run("dropping", &format!("DROP DATABASE `{}__refresh`", place.database())).unwrap();
        // One bit in the middle of the file.
        let path = place.path("app-20261122T020000Z.sql.gz");
        let mut bytes = std::fs::read(&path).unwrap();
        let rows = bytes.windows(4).skip(1000).position(|w| w == [0x1f, 0x8b, 8, 0]).unwrap() + 1030;
        bytes[rows] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        says(&["--target", "dev3"], 65, "has changed since it was written");
    });
}

#[test]
fn one_refresh_at_a_time_and_the_second_is_told_who() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let state = || place.tool(&["status", "--target", "dev3", "--plain"]).run().exits(0).stdout;
        assert_eq!(state(), "whole\n");
        let mut other = server.session();
        let lock = format!("SELECT GET_LOCK('refreshkit.{}', 0)", place.database());
        assert_eq!(other.first::<i64>("locking", &lock).unwrap(), Some(1));
        let output = place.tool(&["--target", "dev3"]).run().exits(75);
        assert!(output.stderr.contains("target dev3 is being refreshed by refresh@"), "{}", output.stderr);
        assert_eq!(state(), "refreshing\n");
        assert_same(&picture(server, place.database()), &old);
        drop(other);
        place.tool(&["--target", "dev3"]).run().exits(0);
    });
}

#[test]
fn lists_are_for_people_and_for_scripts_and_never_empty_when_plain() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("refresh.toml");
    std::fs::write(&config, format!("[dump]\ndir = \"{}\"\n", directory.path().display())).unwrap();
    let tool = |arguments: &[&str]| {
        Tool::new("dev-restore")
            .arg("--config")
            .arg(&config)
            .args(arguments.iter().copied())
            .run()
            .exits(0)
            .stdout
    };
    assert_eq!(tool(&["list", "--plain"]), "none\n");
    assert_eq!(tool(&["targets", "--plain"]), "none\n");
    std::fs::write(directory.path().join("app-20261122T020000Z.sql.gz"), "x").unwrap();
    std::fs::write(directory.path().join("app-20261123T020000Z.sql.gz"), "x").unwrap();
    assert_eq!(tool(&["dumps", "--plain"]), "app-20261123T020000Z.sql.gz\napp-20261122T020000Z.sql.gz\n");
    assert!(tool(&["list", "--json"]).contains("is not a whole dump"));
}

#[test]
fn whoever_uses_the_tables_is_waited_for() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let mut busy = server.session();
        busy.run("beginning", "BEGIN").unwrap();
        busy.first::<u64>("reading", &format!("SELECT COUNT(*) FROM `{}`.mine", place.database())).unwrap();
        let mut child = place.tool(&["--target", "dev3"]).spawn();
        drop(child.stdin.take());
        let mut said = std::io::BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.any(|line| line.contains("is in use by")), "it waits, and says for whom");
        busy.run("ending", "COMMIT").unwrap();
        let rest: Vec<String> = said.collect();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{rest:?}");
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
    });
}

#[test]
fn an_ordinary_account_of_the_database_is_enough() {
    for_each_server(|server| {
        let source = shop(server);
        let mut place = Place::with_dump_of(&source);
        let user = place.database().to_owned();
        let mut session = place.session();
        let pattern = user.replace('_', "\\_");
        for sql in [
            format!("CREATE USER '{user}'@'localhost' IDENTIFIED BY 'only-this-database'"),
            format!("GRANT ALL ON `{pattern}%`.* TO '{user}'@'localhost'"),
        ] {
            session.run("making an account", &sql).unwrap();
        }
        // MariaDB 11.3 and later have a privilege of its own for it, which ALL grants.
        session.attempt(&format!("REVOKE SHOW CREATE ROUTINE ON `{pattern}%`.* FROM '{user}'@'localhost'"));
        let text = std::fs::read_to_string(&server.client_cnf).unwrap();
        let own = |line: &&str| !["host=", "user=", "password="].iter().any(|key| line.starts_with(key));
        let mut text: String = text.lines().filter(own).map(|line| line.to_owned() + "\n").collect();
        text.push_str("user=");
        text.push_str(&user);
        text.push_str("\npassword=only-this-database\n");
        place.option_file = place.path("ordinary.cnf");
        std::fs::write(&place.option_file, text).unwrap();
        std::fs::set_permissions(&place.option_file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        place.configure("");
        let ordinary = TestServer { client_cnf: place.option_file.clone(), ..server.clone() };
        ordinary.client(Some(place.database()), MINE.as_bytes());
        let old = picture(server, place.database());
        // A routine of somebody else's could not be kept for an undo.
        place.target.run("CREATE PROCEDURE theirs() SELECT 1");
        let hidden = place.tool(&["--target", "dev3"]).run();
        place.target.run("DROP PROCEDURE theirs");
        let refreshed = place.tool(&["--target", "dev3"]).run();
        let undone = place.tool(&["undo", "--target", "dev3"]).run();
        session.run("dropping the account", &format!("DROP USER '{user}'@'localhost'")).unwrap();
        let hidden = hidden.exits(69);
        assert!(hidden.stderr.contains("may not read the definition of procedure"), "{}", hidden.stderr);
        refreshed.exits(0);
        undone.exits(0);
        // MariaDB may show a view's columns behind their database after such a journey.
        assert_same(&picture(server, place.database()).replace("`DB`.", ""), &old);
    });
}
