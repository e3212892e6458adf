//! `dev-restore` with files that mysqldump wrote.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use refreshkit::mysql::Engine;

use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::{Scratch, TestServer, for_each_server, on_all_servers_at_once};

const DUMP: &str = include_str!("../cases/plain/mysqldump.sql");

/// A byte that is no UTF-8, where the text has a place for it.
fn bytes(text: &str) -> Vec<u8> {
    let (front, back) = text.split_once("@FF@").unwrap_or((text, ""));
    let byte: &[u8] = if back.is_empty() { b"" } else { b"\xff" };
    [front.as_bytes(), byte, back.as_bytes()].concat()
}

#[test]
fn a_file_of_mysqldump_is_loaded_counted_migrated_and_swapped_in() {
    for_each_server(|server| {
        let source = server.scratch("plain_src");
        let place = Place::with_dump_of(&source);
        let repository = place.repository("main", &[("db/1.sql", "UPDATE people SET name = UPPER(name);")]);
        let migrations =
            format!("[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n", repository.display());
        place.configure(&migrations);
        place.target.run("CREATE TABLE mine (a INT)");
        let plain = place.path("app.sql");
        std::fs::write(&plain, bytes(DUMP)).unwrap();
        let packed = place.path("app.sql.gz");
        let mut gz = flate2::write::GzEncoder::new(
            std::fs::File::create(&packed).unwrap(),
            flate2::Compression::fast(),
        );
        gz.write_all(&bytes(DUMP)).unwrap();
        gz.finish().unwrap();
        for file in [&plain, &packed] {
            let document = place
                .tool(&["--target", "dev3", "--ref", "main", "--dump", file.to_str().unwrap()])
                .run()
                .exits(0)
                .document();
            assert_eq!(document.refresh.unwrap().rows, 3);
            assert_eq!(
                place.target.run("SELECT id, name, HEX(photo) FROM adults ORDER BY id"),
                "1\tIT'S; A\t00FF27\n2\tÉVA\tNULL\n"
            );
            place.target.run("INSERT INTO pets VALUES (2, 1)");
            assert_eq!(place.target.run("SELECT n FROM counted"), "1\n");
            assert_eq!(place.target.run("SHOW TABLES LIKE 'mine'"), "");
            let status = format!(
                "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{}'",
                place.database()
            );
            assert_eq!(place.target.run(&status), "ENABLED\n");
        }
    });
}

#[test]
fn a_file_that_is_cut_off_or_goes_elsewhere_changes_nothing() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let cut = DUMP.find("-- Dump completed").unwrap();
        let elsewhere = format!("DROP TABLE `{}`.`mine`;\n", place.database());
        for (text, line) in [
            (DUMP[..cut].to_owned(), "it was cut off"),
            (DUMP[..DUMP.find("éva").unwrap()].to_owned(), "line 35: "),
            (elsewhere, "line 1: the server refused the statement"),
            ("SELECT 1;\nCREATE TABEL x (a INT);\n".to_owned(), "line 2: the server refused the statement"),
            ("USE a;\nUSE b;\n".to_owned(), "line 2: it holds several databases"),
        ] {
            let file = place.path("bad.sql");
            std::fs::write(&file, bytes(&text)).unwrap();
            let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run().exits(65);
            assert!(output.stderr.contains(line), "{line}:\n{}", output.stderr);
            assert_same(&picture(server, place.database()), &old);
            assert_eq!(place.databases(), [place.database()]);
        }
    });
}

#[test]
fn the_tables_that_a_person_leaves_out_of_a_file_of_mysqldump_are_empty() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        let file = place.path("other.sql");
        let sql = "CREATE TABLE people (id INT PRIMARY KEY);\nINSERT INTO people VALUES (1), (2);\n\
                   CREATE TABLE pets (id INT PRIMARY KEY, owner INT, FOREIGN KEY (owner) REFERENCES people (id));\n\
                   INSERT INTO pets VALUES (1, 1);\nCREATE TABLE logs (id INT PRIMARY KEY);\nINSERT INTO logs VALUES (1);\n";
        std::fs::write(&file, sql).unwrap();
        let rows = || {
            let count = |table: &str| place.target.run(&format!("SELECT COUNT(*) FROM {table}"));
            ["people", "pets", "logs"].map(|table| count(table).trim().parse::<u64>().unwrap())
        };
        let refresh = |more: &[&str]| {
            let output = place
                .tool(&["--target", "dev3", "--dump", file.to_str().unwrap()])
                .args(more.iter().copied())
                .run()
                .exits(0);
            (output.document().refresh.unwrap().rows, output.stderr)
        };
        let (loaded, said) = refresh(&["--exclude", "l*", "--exclude", "people"]);
        assert_eq!((loaded, rows()), (1, [0, 1, 0]));
        assert!(said.contains("warning: other.sql: without the rows of logs, people"), "{said}");
        place.configure_target("include = [\"people\"]");
        assert_eq!(refresh(&[]).0, 2);
        assert_eq!(rows(), [2, 0, 0]);
        place.configure_target("");
        assert_eq!(refresh(&[]).0, 4);
        assert_eq!(rows(), [2, 1, 1]);
    });
}

#[test]
fn more_data_than_there_is_room_for_is_refused_before_anything_is_touched() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let file = place.path("huge.sql");
        std::fs::File::create(&file).unwrap().set_len(1 << 42).unwrap();
        let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run().exits(73);
        assert!(output.stderr.contains("the data needs about 8796093022208 bytes, "), "{}", output.stderr);
        assert_same(&picture(server, place.database()), &old);
        assert_eq!(place.databases(), [place.database()]);
    });
}

#[test]
fn what_mariadb_dump_wrote_arrives_whole() {
    for_each_server(|server| {
        // It does not speak to MySQL 9.
        if !server.session().version().contains("MariaDB") {
            return;
        }
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        let output = Command::new("mariadb-dump")
            .arg(format!("--defaults-file={}", server.client_cnf.display()))
            .args(["--routines", "--events", "--triggers", &source.name])
            .output()
            .unwrap();
        assert!(output.status.success());
        let file = place.path("theirs.sql");
        std::fs::write(&file, output.stdout).unwrap();
        place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run().exits(0);
        // Without digests: it rounds FLOATs.
        let tables = |picture: String| -> String {
            let tables = picture.split("\nCREATE ALGORITHM").next().unwrap();
            let is_digest =
                |word: &&str| word.len() != 32 || !word.bytes().all(|byte| byte.is_ascii_hexdigit());
            tables
                .lines()
                .map(|line| line.split(' ').filter(is_digest).collect::<Vec<_>>().join(" ") + "\n")
                .collect()
        };
        assert_same(&tables(picture(server, place.database())), &tables(picture(server, &source.name)));
    });
}

/// What is in use before each case, and what another database of the server holds.
const IN_USE: &str =
    "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20)); INSERT INTO users VALUES (1, 'in use');
    CREATE TABLE keepme (id INT PRIMARY KEY); INSERT INTO keepme VALUES (1)";

const IN_USE_IS_THERE: &str = "SELECT id, name FROM users; SELECT id FROM keepme";

/// One folder of `tests/cases/plain`: a file of another program (`dump.*`), and `check.sql` with `expected.txt`, or `fails.txt` with the
/// exit code and what stderr must say. `args` are further arguments, `only` names the one server, `stderr.txt` what is said although
/// it succeeds; with `same_as_client` the stock client must make the same of the file, with `undo` the old database comes back.
#[test]
fn every_case_of_files_of_other_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plain");
    let folders =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut cases: Vec<_> = folders.collect();
    cases.sort();
    assert!(cases.len() > 40);
    on_all_servers_at_once(|server| {
        let source = server.scratch("plain_src");
        let place = Place::with_dump_of(&source);
        let other = server.scratch("plain_other");
        other.run("CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20)); INSERT INTO users VALUES (1, 'other')");
        let wrong: Vec<String> =
            cases.iter().filter_map(|case| run_case(server, &place, &other, case).err()).collect();
        assert!(wrong.is_empty(), "{} on {:?}:\n\n{}", wrong.len(), server.engine, wrong.join("\n\n"));
    });
}

fn run_case(server: &TestServer, place: &Place, other: &Scratch, case: &Path) -> Result<(), String> {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let filled = |text: &str| text.replace("@LIVE@", place.database()).replace("@OTHER@", &other.name);
    let text = |file: &str| std::fs::read_to_string(case.join(file)).ok().map(|text| filled(&text));
    if let Some(only) = text("only") {
        let engine = if server.engine == Engine::MariaDb { "mariadb" } else { "mysql" };
        // `mariadb`, or `mariadb 10` for servers whose version begins so.
        let mut words = only.split_whitespace();
        let same = words.next() == Some(engine);
        if !same || words.next().is_some_and(|version| !server.session().version().starts_with(version)) {
            eprintln!("{} is for {} only", case.display(), only.trim());
            return Ok(());
        }
    }
    let mut session = server.session();
    for sql in [
        "DROP DATABASE IF EXISTS `@LIVE@`",
        "DROP DATABASE IF EXISTS `@LIVE@__previous`",
        "CREATE DATABASE `@LIVE@` CHARACTER SET utf8mb4",
    ] {
        session.run("resetting", &filled(sql)).unwrap();
    }
    place.target.run(IN_USE);
    let in_use = place.target.run(IN_USE_IS_THERE);
    let dump = std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    let dump = dump.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == "dump")).unwrap();
    let file = place.path(&format!("{name}.{}", dump.extension().unwrap().to_string_lossy()));
    let bytes = std::fs::read(dump).unwrap();
    let bytes = String::from_utf8(bytes)
        .map_or_else(std::string::FromUtf8Error::into_bytes, |text| filled(&text).into_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let arguments = text("args").unwrap_or_default();
    let mut all = vec!["--target", "dev3", "--dump", file.to_str().unwrap()];
    all.extend(arguments.lines());
    let output = place.tool(&all).run();
    let said = format!("{name} ended with {}:\n{}", output.code, output.stderr);
    let is = |found: String, expected: &str, what: &str| {
        if found == expected {
            Ok(())
        } else {
            Err(format!("{what}: {found:?} instead of {expected:?}\n{said}"))
        }
    };
    is(other.run("SELECT id, name FROM users"), "1\tother\n", "the other database")?;
    if let Some(fails) = text("fails.txt") {
        let mut lines = fails.lines();
        is(output.code.to_string(), lines.next().unwrap(), "the exit code")?;
        let missing: Vec<&str> = lines.filter(|line| !output.stderr.contains(line)).collect();
        is(missing.join(", "), "", "missing in stderr")?;
        is(place.databases().join(" "), place.database(), "databases that are left")?;
        return is(place.target.run(IN_USE_IS_THERE), &in_use, "the database in use");
    }
    is(output.code.to_string(), "0", "the exit code")?;
    let missing = text("stderr.txt").unwrap_or_default();
    let missing: Vec<&str> = missing.lines().filter(|line| !output.stderr.contains(line)).collect();
    is(missing.join(", "), "", "missing in stderr")?;
    if case.join("same_as_client").exists() {
        let theirs = server.scratch("plain_theirs");
        stock_client(server, &theirs.name, &bytes);
        let (found, expected) = (picture(server, place.database()), picture(server, &theirs.name));
        is(found, &expected, "what the stock client makes of it")?;
    }
    is(place.target.run(&text("check.sql").unwrap()), &text("expected.txt").unwrap(), "what is there")?;
    if case.join("undo").exists() {
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        is(place.target.run(IN_USE_IS_THERE), &in_use, "the database in use after an undo")?;
    }
    Ok(())
}

/// `mysql DATABASE <FILE`, as a person would.
pub(crate) fn stock_client(server: &TestServer, database: &str, sql: &[u8]) {
    assert!(client_takes(server, database, sql));
}

/// Whether the stock client takes a file to its end.
pub(crate) fn client_takes(server: &TestServer, database: &str, sql: &[u8]) -> bool {
    let mut child = Command::new("mariadb")
        .arg(format!("--defaults-file={}", server.client_cnf.display()))
        .args(["--default-character-set=utf8mb4", "--binary-mode=0", database])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Who refuses a statement reads no further.
    let _ = child.stdin.take().unwrap().write_all(sql);
    child.wait().unwrap().success()
}
