//! What a refresh would fail for behind the load is said before it, all at once, with what would help.

use refreshkit::mysql::{Engine, Session};

use crate::dump_safety::Limited;
use crate::restore_place::{Place, assert_same, picture};
use crate::support::{Private, for_each_server};

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
fn a_dump_with_a_table_that_could_not_be_kept_is_refused_before_it_is_loaded_with_what_to_do() {
    for_each_server(|server| {
        let source = server.scratch("ready_ours");
        let table = format!("Refreshkit_{}", "x".repeat(53));
        source.run(&format!("CREATE TABLE {table} (a INT)"));
        let place = Place::with_dump_of(&source);
        for arguments in [&["--target", "dev3", "--dry-run"][..], &["--target", "dev3"]] {
            let output = place.tool(arguments).run().exits(65);
            assert!(output.stderr.contains(&format!("--ignore-table=DATABASE.{table}")), "{}", output.stderr);
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

#[test]
fn every_right_that_a_file_of_another_program_takes_is_asked_for_before_its_first_statement_runs() {
    for_each_server(|server| {
        let mut place = Place::with_dump_of(&server.scratch("ready_plain"));
        place.target.run("CREATE TABLE mine (id INT); INSERT INTO mine VALUES (1)");
        let old = picture(server, place.database());
        let pattern = place.database().replace('_', "\\_");
        let folder = |word: &str| {
            let folder = place.path(word);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let swapper = [
            format!("SELECT, INSERT, CREATE, ALTER, DROP ON `{pattern}`.*"),
            format!("ALL ON `{pattern}\\_\\_previous`.*"),
            format!("ALL ON `{pattern}\\_\\_refresh`.*"),
        ];
        let swapper: Vec<&str> = swapper.iter().map(String::as_str).collect();
        let swapper = Limited::new(server, &folder("swapper"), "ps", &swapper);
        let loader = format!("SELECT, INSERT, CREATE, DROP ON `{pattern}\\_\\_refresh`.*");
        let loader = Limited::new(server, &folder("loader"), "pl", &[&loader]);
        place.option_file.clone_from(&swapper.server.client_cnf);
        let named =
            format!("loader = {{ defaults_file = {:?} }}", loader.server.client_cnf.display().to_string());
        place.configure_target(&named);
        let file = place.path("theirs.sql");
        let more = "LOCK TABLES parents WRITE;\nREPLACE INTO parents VALUES (1, 'b');\nUPDATE parents SET name = 'c';\n\
                    UNLOCK TABLES;\nCREATE TEMPORARY TABLE brief (id INT);\nALTER TABLE children ADD n INT;\n";
        // Whatever is behind it: the first statement is one that no server takes.
        std::fs::write(&file, format!("THIS FAILS;\n{OF_EVERY_KIND}\n{more}")).unwrap();
        let run = || place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run();
        let mut session = server.session();
        let forbidden = forbids_triggers(&mut session);
        let output = run().exits(69);
        let objects = "CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER, EVENT";
        // MariaDB asks nobody for the right to refer to a table.
        let refers = if server.engine == Engine::MySql { "REFERENCES, " } else { "" };
        let tables = format!("CREATE TEMPORARY TABLES, UPDATE, DELETE, ALTER, LOCK TABLES, {refers}");
        for told in [
            format!("nothing was loaded, for {} reasons: (1) ", if forbidden { 3 } else { 2 }),
            format!("lacks {tables}{objects} on {}__refresh", place.database()),
            format!("lacks {objects} on {}, which", place.database()),
        ] {
            assert!(output.stderr.contains(&told), "{told}: {}", output.stderr);
        }
        assert_same(&picture(server, place.database()), &old);
        assert_eq!(place.databases(), [place.database()]);
        for grant in grants(&output.stderr) {
            session.run("granting", &grant).unwrap();
        }
        if !forbidden {
            // Now it is the file's own fault.
            assert!(run().exits(65).stderr.contains("line 1: the server refused the statement"));
            std::fs::write(&file, format!("{OF_EVERY_KIND}\n{more}")).unwrap();
            run().exits(0);
            assert_eq!(place.target.run("SELECT name FROM names"), "c\n");
        }
    });
}

/// A statement longer than the server takes, a table without a key, a collation of nobody, a function and a trigger; the fifth
/// line would end the load.
fn with_everything_that_is_refused() -> String {
    let long = "x".repeat(2 << 20);
    format!(
        "CREATE TABLE t (id INT PRIMARY KEY, b LONGTEXT);\nCREATE TABLE keyless (a INT UNIQUE KEY);\n\
         CREATE TABLE c (id INT PRIMARY KEY, v VARCHAR(9)) COLLATE=utf8mb4_of_nobody;\n\
         /*!99999 CREATE TABLE n (v VARCHAR(9) COLLATE utf8mb4_of_tomorrow) */;\nTHIS FAILS;\n\
         INSERT INTO t VALUES (1, '{long}');\nDELIMITER ;;\n\
         CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;;\n\
         CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = f();;\nDELIMITER ;\n"
    )
}

#[test]
fn what_the_server_would_refuse_of_a_dump_or_a_file_is_said_together_before_a_row_is_loaded() {
    for_each_server(|shared| {
        let home = tempfile::tempdir().unwrap();
        let private = Private::start_with(shared.engine, home.path(), "--log-bin=binlog --server-id=9");
        let server = &private.server;
        let source = server.scratch("early_src");
        source.run(
            "CREATE TABLE t (id INT PRIMARY KEY, b LONGTEXT); INSERT INTO t VALUES (1, REPEAT('x', 2 << 20)); \
             CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1; CREATE TABLE keyless (a INT UNIQUE KEY)",
        );
        let place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE mine (id INT PRIMARY KEY)");
        let file = place.path("theirs.sql");
        std::fs::write(&file, with_everything_that_is_refused()).unwrap();
        let mut session = server.session();
        let is_mysql = server.engine == Engine::MySql;
        let mut set = |variable: &str| {
            session.run("setting", &format!("SET GLOBAL {variable}")).unwrap();
        };
        set("max_allowed_packet = 1048576");
        if is_mysql {
            set("sql_require_primary_key = ON");
        }
        let plain = ["--target", "dev3", "--dump", file.to_str().unwrap()];
        let ours = ["--target", "dev3"];
        let packet = "the target's max_allowed_packet is 1048576";
        let functions = "may make no functions and triggers";
        let collation = "line 3: the server does not know the collation utf8mb4_of_nobody (1273)";
        let keyless =
            "line 2: the server wants a primary key in every table, and there is none in keyless (3750)";
        let strict = "has sql_require_primary_key = ON, which the loader may not switch off for itself, and there is no \
                      primary key in keyless";
        let (mut of_plain, mut of_ours) = (vec![packet, functions, collation], vec![packet, functions]);
        if is_mysql {
            of_plain.push(keyless);
            of_ours.push(strict);
        }
        for (arguments, reasons) in [(&plain[..], of_plain), (&ours, of_ours)] {
            let output = place.tool(arguments).run().exits(69);
            let count = format!("nothing was loaded, for {} reasons", reasons.len());
            for told in
                reasons.iter().copied().chain([count.as_str(), "SET GLOBAL max_allowed_packet = 4194304"])
            {
                assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
            }
            assert!(!output.stderr.contains("of_tomorrow"), "{}", output.stderr);
            // Who only asks is told what can be known without an account that loads.
            let dry = place.tool(&[arguments, &["--dry-run"]].concat()).run();
            assert!(dry.code == 69 && dry.stderr.contains(packet), "{}", dry.stderr);
            assert_eq!(place.target.run("SHOW TABLES"), "mine\n");
            assert_eq!(place.databases(), [place.database()]);
        }
        set("max_allowed_packet = 16777216");
        set("log_bin_trust_function_creators = ON");
        if is_mysql {
            set("sql_require_primary_key = OFF");
        }
        // Without the rest, it is the statement that no server takes; without that, all is well.
        let output = place.tool(&plain).run();
        assert!(output.stderr.contains(collation) && !output.stderr.contains(packet), "{}", output.stderr);
        place.tool(&ours).run().exits(0);
        let text = with_everything_that_is_refused().replace(" COLLATE=utf8mb4_of_nobody", "");
        let text = text.replace("a INT UNIQUE KEY", "a INT PRIMARY KEY");
        std::fs::write(&file, &text).unwrap();
        assert!(place.tool(&plain).run().exits(65).stderr.contains("line 5: the server refused"));
        std::fs::write(&file, text.replace("THIS FAILS;", "")).unwrap();
        place.tool(&plain).run().exits(0);
        assert_eq!(place.target.run("SELECT LENGTH(b) FROM t"), "2097152\n");
    });
}
