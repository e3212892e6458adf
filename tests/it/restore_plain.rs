//! `dev-restore` with files that mysqldump wrote.

use std::io::Write;
use std::process::Command;

use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::for_each_server;

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
            (elsewhere, "line 1: this would leave the database"),
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
