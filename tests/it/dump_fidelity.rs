//! Fidelity: every folder of `tests/cases/fidelity` goes through a dump and the stock client, on both servers, and comes
//! back as it was.
//!
//! A case is a folder named by a sentence: `setup.sql` for both servers, `mariadb.sql` and `mysql.sql` for one of them,
//! `database` with what its database's name ends with. All cases of a server are dumped into one file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use refreshkit::archive::{DumpFile, TableKind};
use refreshkit::mysql::{Engine, Session, number};
use refreshkit::rows::digest_table;
use refreshkit::sql::{literal, name, qualified};

use crate::dump::{whole, zcat};
use crate::support::{TestServer, for_each_server};

/// How a client may be set up that loads a dump: none of it may make a difference.
const OTHER_SETTINGS: &[u8] =
    b"SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,\
NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '-05:00', foreign_key_checks = 1, autocommit = 1;\n";

struct Case {
    database: String,
    sql: Vec<String>,
}

/// The cases that have something for this server; `REFRESHKIT_TEST_CASE` picks those whose names contain it.
fn cases(server: &TestServer) -> Vec<Case> {
    let wish = std::env::var_os("REFRESHKIT_TEST_CASE").map(|wish| wish.into_string().unwrap());
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/fidelity");
    let own = if server.engine == Engine::MariaDb { "mariadb.sql" } else { "mysql.sql" };
    let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut cases = Vec::new();
    for (number, folder) in folders.iter().filter(|folder| folder.is_dir()).enumerate() {
        let word = folder.file_name().unwrap().to_str().unwrap();
        let sql: Vec<String> =
            ["setup.sql", own].iter().filter_map(|file| fs::read_to_string(folder.join(file)).ok()).collect();
        let ending = fs::read_to_string(folder.join("database")).unwrap_or_default();
        if !sql.is_empty() && wish.as_ref().is_none_or(|wish| word.contains(wish.as_str())) {
            let short: String = word.chars().take(36).collect();
            let database = format!("t_fd{}_{number}_{short}{}", std::process::id(), ending.trim_end());
            cases.push(Case { database, sql });
        }
    }
    cases
}

/// The stock client, as a person calls it; what it says on stderr.
pub(crate) fn client(server: &TestServer, database: Option<&str>, sql: &[u8]) -> String {
    let mut child = Command::new("mariadb")
        .arg(format!("--defaults-file={}", server.client_cnf.display()))
        .args(["--force", "--default-character-set=utf8mb4"])
        .args(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let sql = sql.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&sql));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// How closely values are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lens {
    /// To the last bit.
    Exact,
    /// As mysqldump sees them: six digits of a FLOAT, and an ENUM's error value as an empty text.
    Stock,
}

/// Everything that can be seen of a database, by other means than the dumper's: definitions, and every value of every row.
pub(crate) fn fingerprint(session: &mut Session, database: &str) -> BTreeMap<String, String> {
    seen_through(Lens::Exact, session, database)
}

/// The same, as closely as the lens allows.
pub(crate) fn seen_through(lens: Lens, session: &mut Session, database: &str) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let quoted = literal(database);
    session.run("entering", &format!("USE {}", name(database))).unwrap();
    let list = |session: &mut Session, what: &str, from: &str, schema: &str| -> Vec<String> {
        let sql =
            format!("SELECT {what} FROM information_schema.{from} WHERE {schema} = {quoted} ORDER BY 1");
        session.rows("listing", &sql).unwrap()
    };
    let tables = list(session, "TABLE_NAME", "TABLES", "TABLE_SCHEMA");
    let routines = list(session, "CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME)", "ROUTINES", "ROUTINE_SCHEMA");
    let triggers =
        list(session, "CONCAT(LPAD(ACTION_ORDER, 3, 0), TRIGGER_NAME)", "TRIGGERS", "TRIGGER_SCHEMA");
    let events = list(session, "EVENT_NAME", "EVENTS", "EVENT_SCHEMA");
    let mut show = |session: &mut Session, word: &str, object: &str| {
        let sql = format!("SHOW CREATE {word} {}", qualified(database, object));
        let mut row: mysql::Row = match session.first("showing", &sql) {
            Ok(row) => row.unwrap(),
            Err(error) => return drop(seen.insert(format!("{word} {object}"), format!("{error:?}"))),
        };
        let columns: Vec<String> = row.columns_ref().iter().map(|c| c.name_str().into_owned()).collect();
        let mut text = String::new();
        for (i, column) in columns.iter().enumerate().filter(|(_, column)| *column != "Created") {
            let value = row.take::<Option<Vec<u8>>, _>(i).unwrap().unwrap_or_default();
            // A server writes the bytes of some constants as they are.
            let value =
                String::from_utf8(value).unwrap_or_else(|e| e.into_bytes().escape_ascii().to_string());
            text.extend([column.as_str(), ": ", &value, "\n"]);
        }
        seen.insert(format!("{word} {object}"), normal(&text));
    };
    for table in &tables {
        show(session, "TABLE", table);
    }
    for routine in &routines {
        let (word, object) = routine.rsplit_once(' ').unwrap();
        show(session, word, object);
    }
    for trigger in &triggers {
        show(session, "TRIGGER", &trigger[3..]);
    }
    for event in &events {
        show(session, "EVENT", event);
    }
    for table in &tables {
        if let Some(rows) = rows(lens, session, database, table) {
            seen.insert(format!("rows of {table}"), rows);
        }
    }
    seen.insert("triggers".to_owned(), triggers.join(" "));
    seen
}

/// Without what the server writes or leaves out by the words that were once used, not by what they mean.
fn normal(show_create: &str) -> String {
    let mut words = show_create.replace("NO_AUTO_CREATE_USER,", "");
    while let Some(at) = words.find(" CHARACTER SET ") {
        let rest = &words[at + " CHARACTER SET ".len()..];
        let end = rest.find([' ', ',', '\n', ')']).unwrap_or(rest.len());
        let explicit = rest[end..].starts_with(" COLLATE");
        let charset = if explicit { String::new() } else { format!(" CHARSET {}", &rest[..end]) };
        words = format!("{}{charset}{}", &words[..at], &rest[end..]);
    }
    words
}

fn rows(lens: Lens, session: &mut Session, database: &str, table: &str) -> Option<String> {
    let sql = format!(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND BINARY TABLE_NAME = {} \
         ORDER BY ORDINAL_POSITION",
        literal(database),
        literal(table)
    );
    let columns: Vec<(String, String)> = match session.rows("reading columns", &sql) {
        // A view that the server cannot read: MariaDB 11.8 says so, others show no columns.
        Err(e) if e.number() == Some(number::UNKNOWN) => Vec::new(),
        columns => columns.unwrap_or_else(|e| panic!("{database}.{table}: {e:?}")),
    };
    let seen = columns.iter().map(|(column, kind)| {
        let column = name(column);
        let text = match kind.as_str() {
            "float" if lens == Lens::Stock => format!("CAST({column} AS CHAR)"),
            "enum" if lens == Lens::Stock => format!("HEX({column})"),
            "float" => format!("CAST({column} * 1e0 AS CHAR)"),
            "bit" => format!("{column} + 0"),
            "enum" => format!("CONCAT({column} + 0, HEX({column}))"),
            "int" | "bigint" | "tinyint" | "smallint" | "mediumint" | "decimal" | "double" | "year" => {
                format!("CAST({column} AS CHAR)")
            }
            _ => format!("HEX({column})"),
        };
        format!("IFNULL({text}, 'NULL')")
    });
    let list = seen.collect::<Vec<_>>();
    let sql = format!("SELECT CONCAT_WS('|', {}) FROM {}", list.join(", "), qualified(database, table));
    let mut rows: Vec<String> = session.rows("reading rows", &sql).ok()?;
    rows.sort();
    Some(rows.join("\n"))
}

#[test]
fn every_case_comes_back_from_zcat_and_the_stock_client_as_it_was() {
    for_each_server(|server| {
        let cases = cases(server);
        let mut session = server.session();
        session.run("mode", "SET sql_mode = ''").unwrap();
        session.attempt("SET group_concat_max_len = 100000000");
        let directory = tempfile::tempdir().unwrap();
        let mut problems = Vec::new();
        for case in &cases {
            let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4", name(&case.database));
            session.run("creating", &create).unwrap();
            for sql in &case.sql {
                let said = client(server, Some(&case.database), sql.as_bytes());
                if !said.is_empty() {
                    problems.push(format!("{} cannot be set up: {said}", case.database));
                }
            }
        }
        let names: Vec<&str> = cases.iter().map(|case| case.database.as_str()).collect();
        let before: Vec<_> = names.iter().map(|database| fingerprint(&mut session, database)).collect();
        let path = whole(server, directory.path(), &names, "workers = 2");
        for database in &names {
            session.run("dropping", &format!("DROP DATABASE {}", name(database))).unwrap();
        }
        let said = client(server, None, &[OTHER_SETTINGS, &zcat(&path)].concat());
        if !said.is_empty() {
            problems.push(format!("the client said: {said}"));
        }
        let dump = DumpFile::open(&path).unwrap();
        for (database, before) in names.iter().zip(&before) {
            problems.extend(differences(database, before, &fingerprint(&mut session, database)));
        }
        for table in dump.manifest().tables.iter().filter(|table| table.kind == TableKind::Table) {
            match digest_table(&mut session, &table.database, &table.table, &table.columns) {
                Ok(found) if found.digest == table.digest && found.rows == table.rows => {}
                other => problems.push(format!("digest of {}.{}: {other:?}", table.database, table.table)),
            }
        }
        for database in &names {
            session.attempt(&format!("DROP DATABASE {}", name(database)));
        }
        assert!(problems.is_empty(), "{:?}, {} cases:\n{}", server.engine, cases.len(), problems.join("\n"));
    });
}

pub(crate) fn differences(
    database: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
        let (was, is) = (before.get(key), after.get(key));
        let left_out = database.contains("_left_out") && key.contains(" bad");
        if was != is && !left_out {
            found.push(format!("{database}, {key}\n  was: {was:?}\n  is:  {is:?}"));
        }
    }
    found
}
