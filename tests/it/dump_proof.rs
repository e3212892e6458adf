//! A dump proves that it restores, before it is published.

use std::path::Path;

use refreshkit::archive::DumpFile;
use refreshkit::document::TableClass;

use crate::dump::{config, planned, whole, zcat};
use crate::dump_fidelity::client;
use crate::dump_safety::Limited;
use crate::support::{Private, TestServer, Tool, for_each_server};

/// Of a view whose definer is gone no server says whether it is whole; of this one it is not.
const SCHEMA: &str = "
CREATE TABLE t (id INT PRIMARY KEY, n INT, KEY (n)); INSERT INTO t VALUES (1, 2);
CREATE TABLE gone (id INT);
CREATE VIEW bad AS SELECT id FROM gone;
CREATE VIEW worse AS SELECT id FROM bad;
CREATE OR REPLACE DEFINER=`nobody`@`10.0.0.1` VIEW bad AS SELECT id FROM gone;
CREATE DEFINER=`nobody`@`10.0.0.1` VIEW good AS SELECT id FROM t;
CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM good);
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = f();
CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR STARTS '2035-01-01' DO DELETE FROM t;
DROP TABLE gone;
";

fn dump(server: &TestServer, directory: &Path, database: &str, more: &str) -> crate::support::Output {
    let tool = Tool::new("mydump-rotate").arg("--config").arg(config(server, directory, more));
    tool.arg("--state-dir").arg(directory).arg("--whole").arg(database).run()
}

#[test]
fn a_view_that_cannot_be_made_again_is_left_out_by_its_name_and_the_rest_restores() {
    for_each_server(|server| {
        let scratch = server.scratch("dumpproof");
        client(server, Some(&scratch.name), SCHEMA.as_bytes());
        let directory = scratch.directory();
        let output = dump(server, directory.path(), &scratch.name, "prove = \"deep\"").exits(0);
        for view in ["bad", "worse"] {
            let said = |line: &&str| line.contains(&format!(".{view} ")) && line.contains("left out");
            assert_eq!(output.stderr.lines().filter(said).count(), 1, "{}", output.stderr);
        }
        let path = output.document().dump.unwrap().path;
        let file = DumpFile::open(Path::new(&path)).unwrap();
        let names: Vec<&str> = file.manifest().objects.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names, ["f", "good", "tr", "ev"]);
        assert_eq!(file.manifest().proved, "deep");
        assert_eq!(file.manifest().warnings.len(), 2);
        scratch.run(
            "DROP VIEW bad; DROP VIEW worse; DROP VIEW good; DROP TABLE t; DROP FUNCTION f; DROP EVENT ev",
        );
        assert_eq!(client(server, None, &zcat(Path::new(&path))), "");
        assert_eq!(scratch.run("SELECT f()"), "1\n");
        // The data directory of this version stays for the next dump, and nothing else does.
        let kept = directory.path().join("prove");
        let kept: Vec<_> = std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(kept.len(), 1);
        let inside: Vec<_> = std::fs::read_dir(&kept[0]).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(inside, ["base"]);
    });
}

/// Views that only a careful connection makes and reads: one that its own mode takes and the last object's does not, one whose name is
/// nothing in the client's character set of the object before it, one whose function ends whoever runs it.
const CAREFUL: &str = "
SET NAMES utf8mb4; SET sql_mode = '';
CREATE TABLE t (id INT PRIMARY KEY, n INT, m INT);
CREATE VIEW grouped AS SELECT n, m, COUNT(*) AS c FROM t GROUP BY n;
CREATE VIEW `vé` AS SELECT id FROM t;
CREATE VIEW further AS SELECT id FROM `vé`;
DELIMITER //
CREATE FUNCTION halts(a INT) RETURNS INT DETERMINISTIC
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it ran'; RETURN 1; END//
DELIMITER ;
CREATE VIEW ending AS SELECT halts(1) AS x;
SET NAMES latin1;
CREATE FUNCTION olden() RETURNS INT DETERMINISTIC RETURN 1;
CREATE VIEW aged AS SELECT olden() AS x;
SET sql_mode = 'ONLY_FULL_GROUP_BY';
CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR STARTS '2035-01-01' DO DELETE FROM t;
";

#[test]
fn nothing_that_is_whole_is_left_out_whoever_defined_it_and_whatever_was_made_before_it() {
    for_each_server(|server| {
        let scratch = server.scratch("dumpcareful");
        assert_eq!(client(server, Some(&scratch.name), CAREFUL.as_bytes()), "");
        let directory = scratch.directory();
        for definer in ["keep", "invoker"] {
            let more = format!("prove = \"schema\"\ndefiner = \"{definer}\"");
            let output = dump(server, directory.path(), &scratch.name, &more).exits(0);
            let path = output.document().dump.unwrap().path;
            let file = DumpFile::open(Path::new(&path)).unwrap();
            let mut names: Vec<&str> =
                file.manifest().objects.iter().map(|object| object.name.as_str()).collect();
            names.sort_unstable();
            let whole = ["aged", "ending", "ev", "further", "grouped", "halts", "olden", "vé"];
            assert_eq!(names, whole, "{definer}: {}", output.stderr);
            assert_eq!(file.manifest().proved, "schema", "{}", output.stderr);
            assert_eq!(file.manifest().warnings, Vec::<String>::new());
        }
    });
}

#[test]
fn nothing_is_proved_on_a_source_that_lives_on_and_that_is_said() {
    for_each_server(|server| {
        let scratch = server.scratch("dumpunproved");
        scratch.run("CREATE TABLE t (id INT PRIMARY KEY)");
        let directory = scratch.directory();
        // Where a scratch server would be, there is something else: none can be started, whatever programs this machine has.
        std::fs::write(directory.path().join("prove"), "").unwrap();
        let output = dump(server, directory.path(), &scratch.name, "prove = \"schema\"").exits(0);
        let said = |line: &&str| line.contains("not proved: ");
        assert_eq!(output.stderr.lines().filter(said).count(), 1, "{}", output.stderr);
        let path = output.document().dump.unwrap().path;
        assert_eq!(DumpFile::open(Path::new(&path)).unwrap().manifest().proved, "");
        let path = whole(server, directory.path(), &[&scratch.name], "");
        assert_eq!(DumpFile::open(&path).unwrap().manifest().proved, "");
        // A throw-away copy may be written to: databases of our own, which are gone afterwards.
        let columns = [("id", "t.`id`")];
        let document = planned(&scratch, &[("t", TableClass::Full, &columns, None)]);
        let tool = Tool::new("mydump-rotate")
            .arg("--config")
            .arg(config(server, directory.path(), "prove = \"deep\""))
            .arg("--state-dir")
            .arg(directory.path());
        let output = tool.document(&document).run().exits(0);
        assert!(output.stderr.contains("the copy takes its place"), "{}", output.stderr);
        let path = output.document().dump.unwrap().path;
        assert_eq!(DumpFile::open(Path::new(&path)).unwrap().manifest().proved, "deep");
        assert_eq!(server.left_by_the_proof_of(&output), [""; 0]);
    });
}

/// Names in every case, on a server where that is the same name.
const IN_ANY_CASE: &str = "
CREATE TABLE Users (id INT PRIMARY KEY, n INT); INSERT INTO Users VALUES (1, 2), (2, 3);
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES USERS (id));
CREATE VIEW Counted AS SELECT COUNT(*) AS n FROM uSERS;
CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT SUM(u.n) FROM SOME_APP.USERS u);
CREATE TRIGGER tr AFTER INSERT ON USERS FOR EACH ROW INSERT INTO Some_App.LOG (n) VALUES (NEW.id);
CREATE PROCEDURE p() INSERT INTO SOME_APP.users SELECT SOME_App.users.id + 2, some_app.Users.n FROM some_App.Users;
CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR STARTS '2035-01-01' DO DELETE FROM SOME_APP.log;
";

#[test]
fn where_names_have_no_case_a_dump_is_proved_on_such_a_server_and_goes_to_another_name() {
    for_each_server(|shared| {
        let home = tempfile::tempdir().unwrap();
        let private =
            Private::start_with(shared.engine, &home.path().join("servers"), "--lower-case-table-names=1");
        let server = &private.server;
        let database = "Some_App";
        client(server, None, format!("CREATE DATABASE {database} CHARACTER SET utf8mb4").as_bytes());
        assert_eq!(client(server, Some(database), IN_ANY_CASE.as_bytes()), "");
        let output = dump(server, home.path(), database, "prove = \"deep\"").exits(0);
        let path = output.document().dump.unwrap().path;
        let file = DumpFile::open(Path::new(&path)).unwrap();
        assert_eq!(file.manifest().proved, "deep", "{}", output.stderr);
        assert_eq!(file.manifest().warnings, Vec::<String>::new());
        assert_eq!(file.manifest().objects.len(), 5);
        // The data directory of such servers is one of its own.
        let bases = std::fs::read_dir(home.path().join("prove")).unwrap();
        let bases: Vec<String> =
            bases.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(bases.len() == 1 && bases[0].ends_with("-1"), "{bases:?}");
        // Nothing of it speaks of the database that it came from, which is gone.
        client(server, None, format!("DROP DATABASE {database}").as_bytes());
        let tool = Tool::new("mydump-rotate").arg("--config").arg(config(server, home.path(), ""));
        let sql = tool.args(["cat", "--as", "other"]).arg(&path).run_for_bytes();
        assert_eq!(client(server, None, &sql), "");
        let ask = "SELECT f(); CALL p(); SELECT n FROM log ORDER BY n; SELECT n FROM counted";
        let said = TestServer::client(server, Some("other"), ask.as_bytes());
        assert_eq!(said, "5\n3\n4\n4\n");
    });
}

/// A view that calls a function, and one that reads it; a table with a key to another one.
const WITH_RIGHTS: &str = "
CREATE TABLE parents (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, n INT, KEY (n), FOREIGN KEY (n) REFERENCES parents (id));
CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1;
CREATE VIEW calling AS SELECT id, f(id) AS n FROM t; CREATE VIEW further AS SELECT n FROM calling;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = f(NEW.n);
";

#[test]
fn an_account_that_may_not_try_everything_on_the_copy_leaves_nothing_out_and_says_that_nobody_knows() {
    const ALL: [&str; 13] = [
        "CREATE",
        "DROP",
        "SELECT",
        "INSERT",
        "ALTER",
        "INDEX",
        "REFERENCES",
        "CREATE VIEW",
        "SHOW VIEW",
        "CREATE ROUTINE",
        "ALTER ROUTINE",
        "EXECUTE",
        "TRIGGER",
    ];
    for_each_server(|server| {
        let scratch = server.scratch("dumprights");
        assert_eq!(client(server, Some(&scratch.name), WITH_RIGHTS.as_bytes()), "");
        let directory = scratch.directory();
        // No scratch server can be started: the copy is what there is.
        std::fs::write(directory.path().join("prove"), "").unwrap();
        let (table, columns) = (TableClass::Full, [("id", "t.`id`")]);
        let keyed = [("id", "t.`id`"), ("n", "t.`n`")];
        let bodies = match server.session().version() {
            version if version.starts_with("11.") => {
                format!("SHOW CREATE ROUTINE ON `{}`.*", scratch.name.replace('_', "\\_"))
            }
            version if version.contains("MariaDB") => "SELECT ON mysql.proc".to_owned(),
            _ => "SHOW_ROUTINE ON *.*".to_owned(),
        };
        let (pattern, work) = (scratch.name.replace('_', "\\_"), "SELECT, DROP");
        let reading = format!("SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE, LOCK TABLES ON `{pattern}`.*");
        let work = format!("{work} ON `{pattern}\\_\\_work`.*");
        let mut proved = 0_usize;
        for missing in [None].into_iter().chain(ALL.map(Some)) {
            let document =
                planned(&scratch, &[("parents", table, &columns, None), ("t", table, &keyed, None)]);
            let mut document = document;
            let rest: Vec<&str> = ALL.into_iter().filter(|right| Some(*right) != missing).collect();
            // Without DROP nothing could be tidied up: then there is no right at all.
            let rest = if missing == Some("DROP") { String::new() } else { rest.join(", ") };
            let trying = format!("{rest} ON `refreshkit\\_verify\\_%`.*");
            let mut grants = vec![reading.as_str(), &work, &bodies];
            grants.extend((!rest.is_empty()).then_some(trying.as_str()));
            let limited = Limited::new(server, directory.path(), "pr", &grants);
            document.cluster.as_mut().unwrap().login =
                Some(refreshkit::document::Login::option_file(&limited.server.client_cnf));
            let tool = Tool::new("mydump-rotate")
                .arg("--config")
                .arg(config(&limited.server, directory.path(), "prove = \"schema\""))
                .arg("--state-dir")
                .arg(directory.path());
            let output = tool.document(&document).run().exits(0);
            let said = format!("without {missing:?}: {}", output.stderr);
            let path = output.document().dump.unwrap().path;
            let file = DumpFile::open(Path::new(&path)).unwrap();
            let names: Vec<&str> =
                file.manifest().objects.iter().map(|object| object.name.as_str()).collect();
            assert_eq!(names, ["f", "calling", "further", "tr"], "{said}");
            assert!(!output.stderr.contains("left out"), "{said}");
            let is_proved = file.manifest().proved == "schema";
            assert_ne!(is_proved, output.stderr.contains("not proved: "), "{said}");
            assert!(is_proved || missing.is_some(), "{said}");
            proved += usize::from(is_proved);
            assert_eq!(server.left_by_the_proof_of(&output), [""; 0], "{said}");
        }
        // What a right is needed for differs between servers; with all of them it is proved, with some it is not.
        assert!((1..ALL.len()).contains(&proved), "{proved}");
    });
}
