//! Files of mysqldump and mariadb-dump, with the options that change what is in them: dev-restore makes of each what the stock
//! client makes of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::mysql::Engine;

use crate::restore_place::{Place, picture};
use crate::restore_plain::client_takes;
use crate::support::{TestServer, on_all_servers_at_once};

/// Texts in two character sets, bytes, names that want quotes, keys between tables, and objects written under other modes.
const SOURCE: &str = include_str!("../cases/plain/options.sql");

/// What both have, of all that changes what is in a file.
const OPTIONS: [&str; 16] = [
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
    "--compact --routines --events",
    "--databases --no-create-db --dump-date --allow-keywords --routines --events",
    "--opt --quick --tz-utc --set-charset --comments --triggers --disable-keys --add-drop-table",
    "--lock-all-tables --force --no-tablespaces --max-allowed-packet=1M --routines",
];

/// What only MySQL's has.
const OF_MYSQL: [&str; 3] = [
    "--set-gtid-purged=ON --column-statistics=1 --routines",
    "--skip-generated-invisible-primary-key --no-tablespaces",
    "--set-gtid-purged=COMMENTED --show-create-table-skip-secondary-engine --routines",
];

/// What only MariaDB's has.
const OF_MARIADB: [&str; 2] =
    ["--order-by-size --routines", "--skip-dump-history --no-data-med --skip-add-drop-trigger"];

/// Options whose files are refused, and in which words: README lists them.
const REFUSED: [(&str, &str); 5] = [
    ("--xml", "it is XML or HTML, not SQL"),
    ("--no-create-info", "the server refused the statement"),
    ("--no-create-info --no-data --skip-triggers", "it makes no table"),
    ("--databases mysql", "it holds several databases"),
    ("--default-character-set=gbk", "characters of gbk may hold quotes"),
];

const OF_README: &str = "`--all-databases`, several `--databases` without `--database NAME`; `--xml`; `--tab` (a folder); `--no-create-info` (rows \
                         without their tables); `--default-character-set` of gbk, sjis and the like";

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
pub(crate) fn without_definers(picture: &str) -> String {
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
        let own: &[&str] = if server.engine == Engine::MySql { &OF_MYSQL } else { &OF_MARIADB };
        let all: BTreeSet<&str> = OPTIONS.iter().chain(own).flat_map(|options| options.split(' ')).collect();
        assert!(all.len() >= 40, "{}", all.len());
        for options in OPTIONS.iter().chain(own) {
            let file = place.path("theirs.sql");
            let sql = dump(server, options, &source.name);
            std::fs::write(&file, &sql).unwrap();
            let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run();
            let theirs = server.scratch("options_theirs");
            // A file that says where it goes goes there.
            let made = if options.contains("--databases") { &source.name } else { &theirs.name };
            let taken = client_takes(server, made, &sql);
            assert_eq!(output.code == 0, taken, "{options} on {:?}: {}", server.engine, output.stderr);
            // Without SETs around it, a table may come before the one that it refers to: nobody can load that.
            assert!(taken || *options == "--compact --routines --events", "{options}");
            if !taken {
                continue;
            }
            let (found, expected) = (picture(server, place.database()), picture(server, made));
            let (found, expected) = (without_definers(&found), without_definers(&expected));
            let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
            assert_eq!(differs, None, "{options} on {:?}: (found, expected)", server.engine);
            assert_eq!(found.lines().count(), expected.lines().count(), "{options}");
        }
        place.target.run("CREATE TABLE mine (id INT PRIMARY KEY)");
        let old = picture(server, place.database());
        for (options, said) in REFUSED {
            let file = place.path("theirs.sql");
            std::fs::write(&file, dump(server, options, &source.name)).unwrap();
            let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run().exits(65);
            assert!(output.stderr.contains(said), "{options}: {}", output.stderr);
            assert_eq!(picture(server, place.database()), old, "{options}");
        }
    });
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("lib/restore/README.md");
    let readme = std::fs::read_to_string(readme).unwrap().replace('\n', " ");
    assert!(readme.contains(OF_README), "lib/restore/README.md should say: {OF_README}");
}
