//! `verify --deep`: a dump is restored where somebody said so, compared, and gone again.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dump::{config, whole};
use crate::support::forge::Forge;
use crate::support::{Output, Scratch, TestServer, Tool, for_each_server};

/// A dump in whose rows one text stands for another of the same length, with hashes that fit.
fn forged(path: &Path, from: &str, to: &str) -> Vec<u8> {
    let mut forge = Forge::of(&fs::read(path).unwrap());
    let kinds = forge.manifest["members"].as_array().unwrap().iter().map(|member| member["kind"] == "rows");
    for (text, _) in forge.members.iter_mut().zip(kinds).filter(|(_, rows)| *rows) {
        for at in 0..text.len() {
            if text[at..].starts_with(from.as_bytes()) {
                text[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
    }
    forge.bytes(|manifest| manifest)
}

fn setting(server: &TestServer) -> (Scratch, Scratch, tempfile::TempDir, PathBuf) {
    let (scratch, other) = (server.scratch("deepa"), server.scratch("deepb"));
    scratch.run(
        "CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40), pic LONGBLOB, f FLOAT, KEY (name));\
         CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, at TIMESTAMP(3) NULL, \
           g INT GENERATED ALWAYS AS (parent_id + 1) STORED, FOREIGN KEY (parent_id) REFERENCES parent (id));\
         INSERT INTO parent VALUES (1, 'one', x'00ff27005c', 0.1), (2, 'two''s', NULL, 16777216);\
         INSERT INTO child (parent_id, at) VALUES (1, '2026-01-01 00:00:00.125'), (2, NULL);\
         CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2;\
         CREATE TRIGGER counting BEFORE INSERT ON child FOR EACH ROW SET NEW.parent_id = twice(NEW.parent_id);\
         CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM child;",
    );
    scratch.run(&format!(
        "CREATE VIEW both_of_them AS SELECT p.name, twice(c.id) AS c FROM parent p JOIN `{0}`.child c ON c.parent_id = p.id;",
        scratch.name
    ));
    other.run(&format!("CREATE VIEW over_there AS SELECT * FROM `{}`.both_of_them", scratch.name));
    let directory = scratch.directory();
    let path = whole(server, directory.path(), &[&scratch.name, &other.name], "");
    let target = format!(
        "[targets.dev1]\ndatabase = \"nothing\"\ndefaults_file = {:?}\n",
        server.client_cnf.display().to_string()
    );
    config(server, directory.path(), &target);
    (scratch, other, directory, path)
}

fn verify(directory: &Path, arguments: &[&str], file: &Path) -> Output {
    let tool = Tool::new("mydump-rotate").arg("--config").arg(directory.join("refresh.toml"));
    tool.arg("verify").args(arguments.iter().copied()).arg(file).run()
}

#[test]
fn a_dump_is_restored_where_it_was_told_and_other_rows_under_fitting_hashes_are_found() {
    for_each_server(|server| {
        let (scratch, other, directory, path) = setting(server);
        let deep = ["--deep", "--target", "dev1"];
        let nothing_left =
            |word: &str, out: &Output| assert_eq!(server.left_by_the_proof_of(out), [""; 0], "{word}");
        let out = verify(directory.path(), &deep, &path).exits(0);
        assert!(out.stdout.contains("whole,") && out.stdout.contains("restores on "), "{}", out.stdout);
        nothing_left("after a good end", &out);
        // What it was made of is as it was.
        assert_eq!(scratch.run("SELECT COUNT(*) FROM child"), "2\n");
        assert_eq!(other.run("SELECT COUNT(*) FROM over_there"), "2\n");

        let changed = forged(&path, "'one'", "'eno'");
        let file = directory.path().join("forged.sql.gz");
        fs::write(&file, changed).unwrap();
        verify(directory.path(), &[], &file).exits(0);
        let out = verify(directory.path(), &deep, &file).exits(65);
        assert!(out.stderr.contains("parent has 2 rows with the digest"), "{}", out.stderr);
        nothing_left("after a difference", &out);

        let broken = forged(&path, "(1,'one'", "(2,'one'");
        fs::write(&file, broken).unwrap();
        let out = verify(directory.path(), &deep, &file).exits(69);
        assert!(out.stderr.contains("parent failed"), "{}", out.stderr);
        nothing_left("after an error of the server", &out);

        let elsewhere = forged(&path, "INTO `child`", "INTO `dlihc`");
        fs::write(&file, elsewhere).unwrap();
        for arguments in [&deep[..], &[]] {
            let out = verify(directory.path(), arguments, &file).exits(65);
            assert!(out.stderr.contains("has \"INSERT INTO `dlihc`"), "{}", out.stderr);
            nothing_left("after a statement of another table", &out);
        }

        // Nothing is touched that was not named.
        verify(directory.path(), &["--deep"], &path).exits(2);
        verify(directory.path(), &["--target", "dev1"], &path).exits(2);
        let out = verify(directory.path(), &["--deep", "--target", "prod"], &path).exits(2);
        assert!(out.stderr.contains("no [targets.prod]: dev1"), "{}", out.stderr);
    });
}
