//! The masks' key is in no log, no history, no process list, no document and no dump; one that must not stay on the server is in
//! no file of it either. Nor are originals anywhere where a night writes.
//!
//! Servers of the test's own, with everything on that writes statements or rows down, and an account that may switch nothing
//! off. What is looked for is the key itself: raw, in hexadecimal digits, in base64, and as the numbers of its parts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use refreshkit::mysql::{Engine, Session};
use sha2::{Digest, Sha256};

use crate::closure::document;
use crate::dump::zcat;
use crate::support::{Output, Private, Scratch, TestServer, Tool, servers};

/// A secret of a person's choosing.
const SECRET: &str = "a-stable-secret-of-forty-characters-or-so";

const OPTIONS: &str = "--performance-schema=ON --general-log=ON --slow-query-log=ON --long-query-time=0 --log-output=FILE \
    --general-log-file=general.log --slow-query-log-file=slow.log --performance-schema-consumer-events-statements-history-long=ON \
    --performance-schema-consumer-events-statements-history=ON --performance-schema-consumer-events-statements-current=ON \
    --performance-schema-events-statements-history-long-size=100000 --log-bin=changes --server-id=1 --binlog-format=ROW";

const TABLES: &str = "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(90), last_name VARCHAR(90)); \
    INSERT INTO people VALUES (1, 'ana@real.example', 'Kowalczyk'), (2, 'ben@real.example', 'Lindqvist'); \
    CREATE TABLE newsletter (email VARCHAR(90), KEY (email)); INSERT INTO newsletter SELECT email FROM people;";

/// What must not be written down anew by a night.
const ORIGINALS: &[&str] = &["real.example", "Kowalczyk", "Lindqvist"];

/// Everything that was said or written down anywhere.
#[derive(Default)]
struct Told(Vec<(String, Vec<u8>)>);

impl Told {
    fn add(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    fn lacks(&self, what: &str, needle: &[u8]) {
        for (place, bytes) in &self.0 {
            assert!(memchr::memmem::find(bytes, needle).is_none(), "{place} holds {what}");
        }
    }

    fn lacks_originals(&self) {
        for original in ORIGINALS {
            self.lacks("an original", original.as_bytes());
        }
    }

    /// A key is nowhere as a whole.
    fn lacks_whole_key(&self, key: &[u8]) {
        let digits = digits(key);
        self.lacks("the raw key", key);
        self.lacks("the key's digits", digits.as_bytes());
        self.lacks("the key's digits", digits.to_uppercase().as_bytes());
        self.lacks("the key in base64", STANDARD.encode(key).as_bytes());
    }

    /// No form of a key is anywhere.
    fn lacks_key(&self, key: &[u8]) {
        self.lacks_whole_key(key);
        let digits = digits(key);
        for part in key.chunks(8) {
            let number = u64::from_be_bytes(part.try_into().unwrap());
            self.lacks("a part of the key", number.to_string().as_bytes());
            self.lacks("a part of the key", &digits.as_bytes()[..16]);
        }
    }
}

fn digits(key: &[u8]) -> String {
    key.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn rules(scratch: &Scratch, directory: &Path, more: &str) {
    let text = format!(
        "[dump]\nprove = \"off\"\ndir = {:?}\n[dehydrate]\n\
         full = [\"people\", \"newsletter\"]\n[mask]\n{more}\n\"*.email\" = \"email\"\n\"people.last_name\" = \"last_name\"\n",
        directory.display().to_string()
    );
    scratch.write_rules(directory, &text);
}

/// Which night it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Night {
    /// On a throw-away copy, with a key of its own.
    Copy,
    /// There, with a key that a person chose.
    CopyStable,
    /// On a server that lives on.
    Source,
    SourceStable,
}

impl Night {
    fn is_stable(self) -> bool {
        matches!(self, Self::CopyStable | Self::SourceStable)
    }

    fn is_copy(self) -> bool {
        matches!(self, Self::Copy | Self::CopyStable)
    }
}

/// What a test knows of a night: its rows, and the keys that it had.
struct Known {
    rows: String,
    mask: Vec<u8>,
    scan: Vec<u8>,
}

/// mydehydrate | mydump-rotate, with an eye on the process list.
fn night(
    server: &TestServer,
    watcher: &TestServer,
    scratch: &Scratch,
    directory: &Path,
    which: Night,
    told: &mut Told,
) -> Known {
    rules(scratch, directory, if which.is_stable() { "key = { env = \"MASK_KEY\" }" } else { "" });
    let over = AtomicBool::new(false);
    let mut session = watcher.session();
    let input = which.is_copy().then(|| document(server, std::slice::from_ref(&scratch.name)));
    let tool = |name: &str| {
        let tool = Tool::new(name).arg("--config").arg(directory.join("refresh.toml"));
        tool.arg("--state-dir").arg(directory).env("MASK_KEY", SECRET)
    };
    let (plan, keys, dump, seen) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| processes(&mut session, &over));
        let plan = match &input {
            Some(input) => tool("mydehydrate").document(input).run().exits(0),
            None => tool("mydehydrate").arg("--source").run().exits(0),
        };
        let keys = keys(server.session(), scratch, directory, which, &plan);
        let dump = tool("mydump-rotate").document(&plan.document()).run().exits(0);
        over.store(true, Ordering::Relaxed);
        (plan, keys, dump, watcher.join().unwrap())
    });
    told.add("the process list", seen.join("\n"));
    let mut said = |name: &str, output: &Output| {
        told.add(&format!("stdout of {name}"), output.stdout.clone());
        told.add(&format!("stderr of {name}"), output.stderr.clone());
    };
    said("mydehydrate", &plan);
    said("mydump-rotate", &dump);
    let sql = zcat(Path::new(&dump.document().dump.unwrap().path));
    told.add("the dump", sql.clone());
    let sql = String::from_utf8(sql).unwrap();
    // Which table comes first depends on which worker was faster.
    let rows = format!("{:?}", crate::order::rows(&sql));
    Known { rows, mask: keys.0, scan: keys.1 }
}

/// The keys between the two tools, from where they are then and nowhere else.
fn keys(
    mut session: Session,
    scratch: &Scratch,
    directory: &Path,
    which: Night,
    plan: &Output,
) -> (Vec<u8>, Vec<u8>) {
    let work = format!("{}__work", scratch.name);
    let in_table = |session: &mut Session, table: &str| -> Vec<u8> {
        // Results are in no log.
        session.first("reading the key", &format!("SELECT `key` FROM `{work}`.{table}")).unwrap().unwrap()
    };
    let tables: Vec<String> = session.rows("looking", &format!("SHOW TABLES FROM `{work}`")).unwrap();
    let has = |table: &str| tables.iter().any(|name| name == table);
    assert_eq!(has("mask_key"), which == Night::Copy, "{which:?}: {tables:?}");
    assert_eq!(has("scan_key"), which.is_copy(), "{which:?}: {tables:?}");
    let file = plan.document().dehydration.unwrap().keys.and_then(|keys| keys.file);
    assert_eq!(file.is_some(), !which.is_copy(), "{which:?}");
    let text = file.map(|path| {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Path::new(&path).starts_with(directory.canonicalize().unwrap()));
        fs::read_to_string(path).unwrap()
    });
    let in_file = |word: &str| -> Option<Vec<u8>> {
        let digits = text.as_ref()?.lines().find_map(|line| line.strip_prefix(word))?.trim();
        Some((0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect())
    };
    let stable = Sha256::digest(format!("refreshkit mask key:{SECRET}")).to_vec();
    let mask = match which {
        Night::Copy => in_table(&mut session, "mask_key"),
        Night::CopyStable | Night::SourceStable => {
            assert_eq!(in_file("mask"), None);
            stable
        }
        Night::Source => in_file("mask").unwrap(),
    };
    let scan = if which.is_copy() { in_table(&mut session, "scan_key") } else { in_file("scan").unwrap() };
    (mask, scan)
}

fn processes(session: &mut Session, over: &AtomicBool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    while !over.load(Ordering::Relaxed) {
        let sql = "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL";
        seen.extend(session.rows::<String>("watching", sql).unwrap());
    }
    seen.into_iter().collect()
}

/// Statement histories and logs.
fn written(server: &Private, told: &mut Told) {
    let mut session = server.server.session();
    for table in
        ["events_statements_history_long", "events_statements_history", "prepared_statements_instances"]
    {
        let sql = format!("SELECT SQL_TEXT FROM performance_schema.{table} WHERE SQL_TEXT IS NOT NULL");
        told.add(table, session.rows::<String>("reading history", &sql).unwrap().join("\n"));
    }
    for log in ["general.log", "slow.log"] {
        told.add(log, fs::read(server.data().join(log)).unwrap());
    }
    for (place, bytes) in &told.0 {
        if matches!(place.as_str(), "general.log" | "slow.log" | "events_statements_history_long") {
            assert!(memchr::memmem::find(bytes, b"@refreshkit_pad").is_some(), "{place} is switched on");
        }
    }
    told.lacks_originals();
}

/// The binary logs from this one on.
fn changes(server: &Private, first: &str) -> Told {
    let mut told = Told::default();
    for log in binary_logs(server) {
        if log.file_name().unwrap().to_str().unwrap() >= first {
            told.add(&log.display().to_string(), fs::read(&log).unwrap());
        }
    }
    let logged = |(_, bytes): &(String, Vec<u8>)| memchr::memmem::find(bytes, b"__work").is_some();
    assert!(told.0.iter().any(logged), "the binary log is switched on");
    told
}

fn binary_logs(server: &Private) -> Vec<PathBuf> {
    let files = fs::read_dir(server.data()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    files.filter(|path| name(path).starts_with("changes.") && !name(path).ends_with("index")).collect()
}

/// Every file of the server.
fn data(server: &Private) -> Told {
    let mut told = Told::default();
    for file in walkdir::WalkDir::new(server.data()) {
        let file = file.unwrap();
        if file.file_type().is_file() {
            told.add(&file.path().display().to_string(), fs::read(file.path()).unwrap());
        }
    }
    told
}

/// An account without the right to switch a log off for its session.
fn ordinary(private: &Private, scratch: &Scratch, home: &Path) -> TestServer {
    let name = &scratch.name;
    scratch.run(&format!(
        "CREATE USER masker IDENTIFIED BY 'masker-secret'; GRANT ALL ON `{name}`.* TO masker; GRANT ALL ON `{name}__work`.* TO masker"
    ));
    let file = fs::read_to_string(&private.server.client_cnf).unwrap();
    let other = |line: &str| match line.split('=').next().unwrap().trim() {
        "user" => "user = masker".to_owned(),
        "password" => "password = masker-secret".to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = file.lines().map(other).collect();
    let client_cnf = home.join("masker.cnf");
    fs::write(&client_cnf, text.join("\n") + "\n").unwrap();
    fs::set_permissions(&client_cnf, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    TestServer { engine: private.server.engine, client_cnf }
}

fn run(engine: Engine) {
    let home = tempfile::tempdir().unwrap();
    let private = Private::start_with(engine, home.path(), OPTIONS);
    let root = &private.server;
    let scratch = root.scratch("key");
    scratch.run(TABLES);
    // Nor does a server that cuts results and refuses most UPDATEs by default stand in the way of a night.
    scratch.run("SET GLOBAL sql_select_limit = 1; SET GLOBAL sql_safe_updates = 1");
    let server = ordinary(&private, &scratch, home.path());
    let masked = Scratch { server: server.clone(), name: scratch.name.clone() };
    // From here on, what is written is written by the nights.
    scratch.run(
        "FLUSH BINARY LOGS; TRUNCATE performance_schema.events_statements_history_long; \
         TRUNCATE performance_schema.events_statements_history",
    );
    let logs = scratch.run("SHOW BINARY LOGS");
    let first = logs.lines().last().unwrap().split('\t').next().unwrap().to_owned();
    for log in ["general.log", "slow.log"] {
        fs::File::create(private.data().join(log)).unwrap();
    }
    let directory = scratch.directory();
    let mut told = Told::default();
    let nights =
        [Night::Copy, Night::CopyStable, Night::CopyStable, Night::Source, Night::SourceStable, Night::Copy];
    let known: Vec<Known> = nights
        .iter()
        .map(|which| night(&server, root, &masked, directory.path(), *which, &mut told))
        .collect();
    written(&private, &mut told);
    changes(&private, &first).lacks_originals();
    let in_data = data(&private);
    let mut must_not_stay = BTreeSet::new();
    for (which, one) in nights.iter().zip(&known) {
        told.lacks_key(&one.mask);
        told.lacks_key(&one.scan);
        // The others are where the copy keeps its rows and its log of them, and die with it.
        must_not_stay.extend(Some(&one.mask).filter(|_| *which != Night::Copy));
        must_not_stay.extend(Some(&one.scan).filter(|_| !which.is_copy()));
    }
    assert_eq!(must_not_stay.len(), 4);
    for key in must_not_stay {
        in_data.lacks_whole_key(key);
    }
    told.lacks("the secret", SECRET.as_bytes());
    in_data.lacks("the secret", SECRET.as_bytes());
    let work = format!("{}__work", scratch.name);
    assert!(in_data.0.iter().all(|(place, _)| !place.contains(&work)), "the work schema is gone");
    let left: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".keys")), "{left:?}");
    let rows: Vec<&String> = known.iter().map(|night| &night.rows).collect();
    assert!(rows[1].contains("@example.test"), "{rows:?}");
    assert!(
        rows[1] == rows[2] && rows[1] == rows[4],
        "the stable key gives the same values everywhere: {rows:?}"
    );
    let distinct: BTreeSet<&String> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), 4, "and a nightly one gives others: {rows:?}");
    let distinct: BTreeSet<&Vec<u8>> = known.iter().flat_map(|night| [&night.mask, &night.scan]).collect();
    assert_eq!(distinct.len(), 10, "no key is used twice, but for the stable one");
    // The test's own account may do everything, and drops what is left.
    std::mem::forget(masked);
    statements_would_say_it(&private, &scratch, &server);
}

/// In a binary log of statements a variable stands as it is.
fn statements_would_say_it(private: &Private, scratch: &Scratch, server: &TestServer) {
    scratch.run("SET GLOBAL binlog_format = 'STATEMENT'");
    let directory = scratch.directory();
    let directory = directory.path();
    let in_place = |server: &TestServer, more: &str| {
        let scratch = Scratch { server: server.clone(), name: scratch.name.clone() };
        rules(&scratch, directory, more);
        let input = document(server, std::slice::from_ref(&scratch.name));
        std::mem::forget(scratch);
        let tool =
            Tool::new("mydehydrate").arg("--config").arg(directory.join("refresh.toml")).arg("--in-place");
        tool.arg("--state-dir").arg(directory).env("MASK_KEY", SECRET).document(&input).run()
    };
    let refused = in_place(server, "key = { env = \"MASK_KEY\" }").exits(77);
    assert!(refused.stderr.contains("to its binary log"), "{}", refused.stderr);
    assert_eq!(scratch.run("SELECT COUNT(*) FROM people WHERE email LIKE '%@real.example'"), "2\n");
    // Whoever may switch the log off for a session does.
    in_place(&private.server, "key = { env = \"MASK_KEY\" }").exits(0);
    assert_eq!(scratch.run("SELECT COUNT(*) FROM people WHERE email LIKE '%@example.test'"), "2\n");
    data(private).lacks_whole_key(&Sha256::digest(format!("refreshkit mask key:{SECRET}")));
}

#[test]
fn the_key_is_in_no_log_no_history_no_file_no_document_and_no_dump() {
    std::thread::scope(|scope| {
        for server in servers() {
            scope.spawn(move || run(server.engine));
        }
    });
}
