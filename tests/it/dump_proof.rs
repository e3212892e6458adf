//! A dump proves that it restores, before it is published.

use std::path::Path;

use refreshkit::archive::DumpFile;
use refreshkit::document::TableClass;

use crate::dump::{config, planned, whole, zcat};
use crate::dump_fidelity::client;
use crate::support::{TestServer, Tool, for_each_server};

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
        assert_eq!(scratch.run("SHOW DATABASES LIKE 'refreshkit\\_verify\\_%'"), "");
    });
}
