//! What a refresh would fail for behind the load is said before it, all at once, with what would help.

use refreshkit::mysql::Session;

use crate::dump_safety::Limited;
use crate::restore_place::{Place, assert_same, picture};
use crate::support::for_each_server;

/// Something of every kind that wants a right of its own.
const OF_EVERY_KIND: &str = "CREATE TABLE parents (id INT PRIMARY KEY, name VARCHAR(20), KEY (name));
CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id));
INSERT INTO parents VALUES (1, 'a');
CREATE VIEW names AS SELECT name FROM parents;
CREATE PROCEDURE p() SELECT 1;
CREATE TRIGGER tr BEFORE INSERT ON parents FOR EACH ROW SET NEW.name = 'b';
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM children;";

/// Who wants SUPER for triggers, wants it of these accounts too.
fn forbids_triggers(session: &mut Session) -> bool {
    let sql = "SELECT @@log_bin AND NOT @@log_bin_trust_function_creators";
    session.first::<i64>("asking", sql).unwrap() == Some(1)
}

/// The statements of a hint with several.
fn grants(stderr: &str) -> Vec<String> {
    let hint = stderr.lines().find_map(|line| line.trim_start().strip_prefix("hint: ")).unwrap();
    let parts = hint.split("; (").filter_map(|part| Some(part.split_once(") ")?.1.to_owned()));
    parts.filter(|part| part.starts_with("GRANT ")).collect()
}

#[test]
fn every_right_that_is_missing_is_said_at_once_and_the_statements_that_are_told_give_them() {
    for_each_server(|server| {
        let source = server.scratch("ready_src");
        source.run(OF_EVERY_KIND);
        let mut place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE mine (id INT); INSERT INTO mine VALUES (1)");
        let old = picture(server, place.database());
        let pattern = place.database().replace('_', "\\_");
        let tables = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX";
        let folder = |word: &str| {
            let folder = place.path(word);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let swapper = [
            format!("{tables}, ALTER ON `{pattern}`.*"),
            format!("{tables} ON `{pattern}\\_\\_previous`.*"),
            format!("ALL ON `{pattern}\\_\\_refresh`.*"),
        ];
        let swapper: Vec<&str> = swapper.iter().map(String::as_str).collect();
        let swapper = Limited::new(server, &folder("swapper"), "rs", &swapper);
        let loader = format!("{tables}, ALTER ON `{pattern}\\_\\_refresh`.*");
        let loader = Limited::new(server, &folder("loader"), "rl", &[&loader]);
        place.option_file.clone_from(&swapper.server.client_cnf);
        let named =
            format!("loader = {{ defaults_file = {:?} }}", loader.server.client_cnf.display().to_string());
        place.configure_target(&named);
        let mut session = server.session();
        let forbidden = forbids_triggers(&mut session);
        let output = place.tool(&["--target", "dev3"]).run().exits(69);
        let objects = "CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER, EVENT";
        let count = if forbidden { 4 } else { 3 };
        for told in [
            format!("nothing was loaded, for {count} reasons: (1) "),
            format!("{objects} on {}__refresh", place.database()),
            format!("lacks {objects} on {}, which", place.database()),
            format!("lacks ALTER on {}__previous", place.database()),
        ] {
            assert!(output.stderr.contains(&told), "{told}: {}", output.stderr);
        }
        assert_eq!(output.stderr.contains("may make no functions and triggers"), forbidden);
        assert_same(&picture(server, place.database()), &old);
        assert_eq!(place.databases(), [place.database()]);
        let grants = grants(&output.stderr);
        assert_eq!(grants.len(), 3, "{grants:?}");
        for grant in &grants {
            session.run("granting", grant).unwrap();
        }
        if forbidden {
            let output = place.tool(&["--target", "dev3"]).run().exits(69);
            assert!(!output.stderr.contains("lacks"), "{}", output.stderr);
        } else {
            place.tool(&["--target", "dev3"]).run().exits(0);
            assert_eq!(place.target.run("SELECT name FROM names"), "a\n");
        }
    });
}

#[test]
fn a_dump_with_a_table_of_one_of_our_own_names_is_refused_before_it_is_loaded_with_what_to_do() {
    for_each_server(|server| {
        let source = server.scratch("ready_ours");
        source.run("CREATE TABLE Refreshkit_swapped (a INT)");
        let place = Place::with_dump_of(&source);
        for arguments in [&["--target", "dev3", "--dry-run"][..], &["--target", "dev3"]] {
            let output = place.tool(arguments).run().exits(65);
            assert!(
                output.stderr.contains("--ignore-table=DATABASE.Refreshkit_swapped"),
                "{}",
                output.stderr
            );
            assert!(!output.stderr.contains("loaded and verified"), "{}", output.stderr);
        }
    });
}

#[test]
fn rows_that_are_written_while_a_file_of_another_program_is_loaded_survive_and_its_triggers_leave_them_alone()
{
    for_each_server(|server| {
        let place = Place::with_dump_of(&server.scratch("ready_empty"));
        place.target.run("CREATE TABLE mine (id INT PRIMARY KEY, n INT); INSERT INTO mine VALUES (1, 10)");
        place.configure_target("preserve = [\"mine\"]");
        let file = place.path("theirs.sql");
        let mut session = server.session();
        let lock = format!("GET_LOCK('{}', 300)", place.database());
        session.run("holding it up", &format!("DO {lock}")).unwrap();
        let text = format!(
            "CREATE TABLE mine (id INT PRIMARY KEY, n INT);\n\
             CREATE TRIGGER tr BEFORE INSERT ON mine FOR EACH ROW SET NEW.n = 0;\nDO {lock};\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut child = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).spawn();
        let waiting = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DO GET_LOCK(''{}%'",
            place.database()
        );
        while session.first::<u64>("waiting", &waiting).unwrap() == Some(0) {
            assert!(child.try_wait().unwrap().is_none(), "it ended without a wait");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        place.target.run("INSERT INTO mine VALUES (2, 20)");
        session.run("letting it go on", "DO RELEASE_ALL_LOCKS()").unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(place.target.run("SELECT * FROM mine ORDER BY id"), "1\t10\n2\t20\n");
        place.target.run("INSERT INTO mine VALUES (3, 30)");
        assert_eq!(place.target.run("SELECT n FROM mine WHERE id = 3"), "0\n");
        assert_eq!(
            place.target.run(&format!("SHOW TABLES FROM `{}__previous` LIKE '%kept%'", place.database())),
            ""
        );
    });
}

#[test]
fn what_was_on_its_way_when_a_refresh_was_killed_goes_with_the_next_look() {
    for_each_server(|server| {
        let place = Place::with_dump_of(&server.scratch("ready_kept"));
        let previous = format!("{}__previous", place.database());
        let sql = format!(
            "CREATE DATABASE `{previous}`; USE `{previous}`; CREATE TABLE refreshkit_kept_00_0 (a INT); \
             CREATE TABLE refreshkit_refresh (name VARCHAR(64) PRIMARY KEY, value LONGTEXT)"
        );
        place.target.run(&sql);
        place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0);
        assert_eq!(place.databases(), [place.database()]);
    });
}
