//! Files of mysqldump and mariadb-dump, with the options that change what is in them: dev-restore makes of each what the stock
//! client makes of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refreshkit::mysql::Engine;

use crate::restore_place::{Place, picture};
use crate::restore_plain::{client_takes, stock_client};
use crate::support::{TestServer, on_all_servers_at_once};

/// Texts in two character sets, bytes, names that want quotes, keys between tables, and objects written under other modes.
const SOURCE: &str = include_str!("../cases/plain/options.sql");

const OPTIONS: [&str; 12] = [
    "--routines --events",
    "--skip-opt --hex-blob",
    "--no-autocommit --skip-extended-insert --routines --events",
    "--complete-insert --replace --routines",
    "--insert-ignore --skip-set-charset --events",
    "--skip-tz-utc --skip-comments --routines",
    "--default-character-set=latin1 --skip-triggers --routines --events",
    "--single-transaction --add-drop-trigger --lock-tables=0 --routines",
    "--skip-add-locks --skip-disable-keys --skip-lock-tables --skip-add-drop-table --routines",
    "--databases --add-drop-database --routines --events",
    "--order-by-primary --net-buffer-length=4096 --skip-quick --where=1=1",
    "--no-data --create-options=0 --skip-dump-date --flush-privileges --routines",
];

/// What only MySQL's has.
const OF_MYSQL: [&str; 2] = [
    "--set-gtid-purged=ON --column-statistics=1 --routines",
    "--skip-generated-invisible-primary-key --no-tablespaces",
];

pub(crate) fn dump(server: &TestServer, options: &str, database: &str) -> Vec<u8> {
    let program = if server.engine == Engine::MariaDb {
        PathBuf::from("mariadb-dump")
    } else {
        let mysqld = std::env::var_os("REFRESHKIT_TEST_MYSQLD").expect("scripts/test says where MySQL is");
        Path::new(&mysqld).with_file_name("mysqldump")
    };
    let mut command = Command::new(program);
    command.arg(format!("--defaults-file={}", server.client_cnf.display()));
    let output = command.args(options.split(' ')).arg(database).output().unwrap();
    assert!(output.status.success(), "{options}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Also of definers that were written under ANSI_QUOTES.
fn without_definers(picture: &str) -> String {
    let mut parts = picture.split("DEFINER=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.splitn(4, '"').nth(3).unwrap_or_default().trim_start())
}

#[test]
fn files_of_mysqldump_with_thirty_options_are_what_the_stock_client_makes_of_them() {
    on_all_servers_at_once(|server| {
        let source = server.scratch("options_src");
        source.run(SOURCE);
        let place = Place::with_dump_of(&source);
        let own: &[&str] = if server.engine == Engine::MySql { &OF_MYSQL } else { &[] };
        for options in OPTIONS.iter().chain(own) {
            let file = place.path("theirs.sql");
            let sql = dump(server, options, &source.name);
            std::fs::write(&file, &sql).unwrap();
            place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run().exits(0);
            let theirs = server.scratch("options_theirs");
            // A file that says where it goes goes there.
            let made = if options.contains("--databases") { &source.name } else { &theirs.name };
            stock_client(server, made, &sql);
            let (found, expected) = (picture(server, place.database()), picture(server, made));
            let (found, expected) = (without_definers(&found), without_definers(&expected));
            let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
            assert_eq!(differs, None, "{options} on {:?}: (found, expected)", server.engine);
            assert_eq!(found.lines().count(), expected.lines().count(), "{options}");
        }
    });
}

/// What a value may look like: everything in which something else begins or ends.
const VALUES: [&str; 18] = [
    "1",
    "NULL",
    "'x'",
    "'it''s'",
    "'a\\\\'",
    "\"dq\"",
    "'é'",
    "'a;b'",
    "'-- no'",
    "'/* no */'",
    "x'00ff'",
    "_binary 'q'",
    "'$$'",
    "'\\\\'';'",
    "_latin1 'z'",
    "'DELIMITER ;;'",
    "'a''\nb'",
    "-1e3",
];

const SETTINGS: [&str; 12] = [
    "SET sql_mode = ''",
    "SET sql_mode = 'ANSI_QUOTES'",
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "SET @m = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "/*!40101 SET NAMES latin1 */",
    "/*!40101 SET NAMES utf8mb4 */",
    "SET autocommit = 0",
    "COMMIT",
    "ROLLBACK",
    "START TRANSACTION",
    "LOCK TABLES t1 WRITE, t2 WRITE",
    "UNLOCK TABLES",
];

/// A file of some statements, ended in every way.
fn made_up(random: &mut StdRng) -> String {
    let mut text = "CREATE TABLE t1 (id int primary key auto_increment, v varchar(20), b blob);\n\
                    CREATE TABLE t2 (id int primary key auto_increment, v varchar(20), b blob)\\g\n"
        .to_owned();
    for _ in 0..random.random_range(2..14) {
        let (n, id) = (random.random_range(1..3), random.random_range(1..5));
        let mut value = || VALUES[random.random_range(0..VALUES.len())];
        let (v, w) = (value(), value());
        let statement = match random.random_range(0..20) {
            0..7 => format!("INSERT INTO t{n} (v, b) VALUES ({v},{w}),({w},{v})"),
            7 => format!("REPLACE INTO t{n} (id, v) VALUES ({id},{v})"),
            8 => format!("DELETE FROM t{n} WHERE id = {id}"),
            9 => format!("INSERT INTO t{n} (id, v) VALUES ({id},{v}) ON DUPLICATE KEY UPDATE v = {w}"),
            10 => format!("CREATE OR REPLACE VIEW w{id} AS SELECT id, v, {v} AS c FROM t1"),
            11 => format!(
                "CREATE TRIGGER tr{n} BEFORE INSERT ON t{n} FOR EACH ROW SET NEW.v = CONCAT(IFNULL(NEW.v, ''), {v})"
            ),
            12 => format!("CREATE PROCEDURE p{id}() SELECT {v} AS a"),
            13 => format!("-- a ; comment with 'quotes\nINSERT INTO t1 (v) VALUES ({v}) /* c ; ' */"),
            14 => "INSERT INTO t1 (v) SELECT v FROM t2 WHERE id < 3".to_owned(),
            _ => SETTINGS[random.random_range(0..SETTINGS.len())].to_owned(),
        };
        let ended = match random.random_range(0..8) {
            0 => format!("DELIMITER $$\n{statement}$$\nDELIMITER ;\n"),
            1 => format!("{statement}\\g\n"),
            2 => format!("{statement} ;; \r\n"),
            _ => format!("{statement};\n"),
        };
        text.push_str(&ended);
    }
    text
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var_os(variable).map_or(otherwise, |text| text.to_str().unwrap().parse().expect("a number"))
}

/// Files that nobody wrote: what dev-restore takes is what the stock client makes of them, and what it refuses has a reason.
#[test]
fn files_that_are_made_up_are_what_the_stock_client_makes_of_them() {
    let seconds = number("REFRESHKIT_FUZZ_SECONDS", 3);
    let seed = number("REFRESHKIT_FUZZ_SEED", 1);
    on_all_servers_at_once(|server| {
        let source = server.scratch("made_up_src");
        let place = Place::with_dump_of(&source);
        let mut random = StdRng::seed_from_u64(seed);
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end {
            let text = made_up(&mut random);
            let file = place.path("made_up.sql");
            std::fs::write(&file, &text).unwrap();
            let theirs = server.scratch("made_up_theirs");
            let taken = client_takes(server, &theirs.name, text.as_bytes());
            let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run();
            if output.code == 0 {
                assert!(taken, "only the stock client refuses\n{text}");
                let (found, expected) = (picture(server, place.database()), picture(server, &theirs.name));
                assert_eq!(without_definers(&found), without_definers(&expected), "of\n{text}");
            } else {
                let open = output.stderr.contains("its last transaction is open");
                assert!(!taken || open, "only the stock client takes\n{text}\n{}", output.stderr);
            }
        }
    });
}
