//! The masks' key is in no log, no history, no process list, no document and no dump.
//!
//! Servers of the test's own, with everything on that writes statements down. What is looked for is the key itself, read
//! from the work schema afterwards: raw, in hexadecimal digits, in base64, and as the numbers of its parts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use refreshkit::mysql::{Engine, Session};

use crate::closure::document;
use crate::dump::zcat;
use crate::leaks::tool_with;
use crate::support::{Output, Private, Scratch, TestServer, servers};

/// A secret of a person's choosing.
const SECRET: &str = "a-stable-secret-of-forty-characters-or-so";

const OPTIONS: &str = "--performance-schema=ON --general-log=ON --slow-query-log=ON --long-query-time=0 --log-output=FILE \
    --general-log-file=general.log --slow-query-log-file=slow.log --performance-schema-consumer-events-statements-history-long=ON \
    --performance-schema-consumer-events-statements-history=ON --performance-schema-consumer-events-statements-current=ON \
    --performance-schema-events-statements-history-long-size=10000";

const TABLES: &str = "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(90), last_name VARCHAR(90)); \
    INSERT INTO people VALUES (1, 'ana@real.example', 'Kowalczyk'), (2, 'ben@real.example', 'Lindqvist');";

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

    /// No form of a key is anywhere.
    fn lacks_key(&self, key: &[u8]) {
        let digits = key.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        self.lacks("the raw key", key);
        self.lacks("the key's digits", digits.as_bytes());
        self.lacks("the key's digits", digits.to_uppercase().as_bytes());
        self.lacks("the key in base64", STANDARD.encode(key).as_bytes());
        for part in key.chunks(8) {
            let number = u64::from_be_bytes(part.try_into().unwrap());
            self.lacks("a part of the key", number.to_string().as_bytes());
            self.lacks("a part of the key", &digits.as_bytes()[..16]);
        }
    }
}

fn rules(scratch: &Scratch, directory: &Path, more: &str) {
    let text = format!(
        "[dump]\ndir = {:?}\n[dehydrate]\n\
         full = [\"people\"]\n[mask]\n{more}\n\"people.email\" = \"email\"\n\"people.last_name\" = \"last_name\"\n",
        directory.display().to_string()
    );
    scratch.write_rules(directory, &text);
}

/// mydehydrate | mydump-rotate, with an eye on the process list.
fn night(server: &TestServer, scratch: &Scratch, directory: &Path, told: &mut Told) -> String {
    let over = AtomicBool::new(false);
    let mut session = server.session();
    let (plan, dump, seen) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| processes(&mut session, &over));
        let input = document(server, std::slice::from_ref(&scratch.name));
        let run = |name: &str, input| tool_with(name, directory, input, &[("MASK_KEY", SECRET)]).exits(0);
        let plan = run("mydehydrate", &input);
        let dump = run("mydump-rotate", &plan.document());
        over.store(true, Ordering::Relaxed);
        (plan, dump, watcher.join().unwrap())
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
    String::from_utf8(sql).unwrap()
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
            assert!(memchr::memmem::find(bytes, b"mask_key").is_some(), "{place} is switched on");
        }
    }
}

fn key_of(server: &TestServer, scratch: &Scratch, table: &str) -> Vec<u8> {
    let sql = format!("SELECT `key` FROM `{}__work`.{table}", scratch.name);
    server.session().first("reading the key", &sql).unwrap().unwrap()
}

fn run(engine: Engine) {
    let home = tempfile::tempdir().unwrap();
    let private = Private::start_with(engine, home.path(), OPTIONS);
    let server = &private.server;
    let scratch = server.scratch("key");
    scratch.run(TABLES);
    // Nor does a server that cuts results and refuses most UPDATEs by default stand in the way of a night.
    scratch.run("SET GLOBAL sql_select_limit = 1; SET GLOBAL sql_safe_updates = 1");
    let directory = scratch.directory();
    let mut told = Told::default();
    let mut keys = Vec::new();
    let mut dumps = Vec::new();
    for more in ["", "key = { env = \"MASK_KEY\" }", "key = { env = \"MASK_KEY\" }", ""] {
        rules(&scratch, directory.path(), more);
        let sql = night(server, &scratch, directory.path(), &mut told);
        dumps.push(sql.lines().filter(|line| line.starts_with('(')).collect::<Vec<_>>().join("\n"));
        keys.push(key_of(server, &scratch, "mask_key"));
        keys.push(key_of(server, &scratch, "scan_key"));
    }
    written(&private, &mut told);
    for key in &keys {
        told.lacks_key(key);
    }
    told.lacks("the secret", SECRET.as_bytes());
    assert_eq!(keys[2], keys[4], "the stable key is the same every night");
    assert!(
        dumps[1] == dumps[2] && dumps[1].contains("@example.test"),
        "so are the masked values: {dumps:?}"
    );
    assert!(dumps[0] != dumps[1] && dumps[0] != dumps[3], "a nightly key gives others: {dumps:?}");
    let distinct: BTreeSet<&Vec<u8>> = keys.iter().collect();
    assert_eq!(distinct.len(), 7, "no key is used twice, but for the stable one");
}

#[test]
fn the_key_is_in_no_log_no_history_no_document_and_no_dump() {
    std::thread::scope(|scope| {
        for server in servers() {
            scope.spawn(move || run(server.engine));
        }
    });
}
