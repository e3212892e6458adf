//! Readers share the reading of a dump, on real replicas: what they serve is what the writer has, or they are left out.

use std::cell::OnceCell;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use refreshkit::archive::{Consistency, DumpFile, TableEntry};
use refreshkit::document::{Cluster, Document, Endpoint, Login, Source};
use refreshkit::mysql::{Engine, Session};

use crate::dump::zcat;
use crate::support::{Output, Pair, TestServer, Tool, on_all_servers_at_once, until};

const TABLES: u32 = 12;
const ROWS: u32 = 320;

/// A pair with about 15 MiB of rows in as many tables, so that both have something to do.
struct Setting {
    pair: Pair,
    home: tempfile::TempDir,
    /// What the writer alone gives, but for the table that changes.
    alone: OnceCell<Vec<TableEntry>>,
}

impl Setting {
    fn new(engine: Engine) -> Self {
        let home = tempfile::tempdir().unwrap();
        let pair = Pair::start(engine, home.path());
        let random = ["RANDOM_BYTES(1024)"; 4].join(", ");
        let mut sql = "CREATE DATABASE app; USE app;".to_owned();
        for table in 0..TABLES {
            let _ = write!(
                sql,
                "CREATE TABLE t{table} (id INT AUTO_INCREMENT PRIMARY KEY, mail VARCHAR(80), a VARBINARY(4096));\
                 INSERT INTO t{table} (mail, a) SELECT CONCAT(HEX(RANDOM_BYTES(9)), '@real.example'), CONCAT({random}) \
                 FROM information_schema.COLLATIONS x, information_schema.COLLATIONS y LIMIT {ROWS};"
            );
        }
        sql += "CREATE TABLE end (id INT PRIMARY KEY); INSERT INTO end VALUES (1);";
        pair.writer.server.client(None, sql.as_bytes());
        pair.wait_for("app.end", 1);
        Self { pair, home, alone: OnceCell::new() }
    }

    fn config(&self, login: &str, readers: &[u16], wait: &str) -> PathBuf {
        let directory = self.home.path().join("dumps");
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).unwrap();
        let readers: Vec<String> = readers.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let text = format!(
            "[source]\nhost = \"127.0.0.1\"\nport = {}\ndefaults_file = {:?}\nreaders = {readers:?}\n\
             [dump]\ndir = \"{}\"\nname = \"t\"\nprove = \"off\"\nworkers = 2\nreader_wait = \"{wait}\"\n",
            self.pair.writer.server.port(),
            Pair::login(self.home.path(), login).display().to_string(),
            directory.display(),
        );
        let path = self.home.path().join("refresh.toml");
        fs::write(&path, text).unwrap();
        path
    }

    fn tool(&self, login: &str, readers: &[u16], wait: &str) -> Tool {
        let config = self.config(login, readers, wait);
        Tool::new("mydump-rotate").arg("--config").arg(config).args(["--whole", "app"])
    }

    /// A dump with the replica as a reader that may be so far behind.
    fn shared(&self, wait: &str) -> Output {
        self.tool("night", &[self.pair.reader.server.port()], wait).run()
    }

    /// Whether these are the tables that the writer alone gives.
    fn assert_same(&self, output: &Output) {
        let given = lasting(output);
        let alone = self.alone.get_or_init(|| lasting(&self.tool("night", &[], "10m").run().exits(0)));
        assert_eq!(alone.iter().map(|table| table.rows).sum::<u64>(), u64::from(TABLES * ROWS));
        assert!(given == *alone, "{given:?}\n{alone:?}");
    }
}

fn file(output: &Output) -> DumpFile {
    DumpFile::open(Path::new(&output.document().dump.unwrap().path)).unwrap()
}

fn tables(output: &Output) -> Vec<TableEntry> {
    file(output).manifest().tables.clone()
}

/// The tables that no scenario writes to.
fn lasting(output: &Output) -> Vec<TableEntry> {
    tables(output).into_iter().filter(|table| table.table != "end").collect()
}

fn bytes_sent(server: &TestServer) -> u64 {
    let sql = "SHOW GLOBAL STATUS LIKE 'Bytes_sent'";
    let (_, value): (String, String) = server.session().first("asking", sql).unwrap().unwrap();
    value.parse().unwrap()
}

/// Waits for a connection of the dump at the reader in a state.
fn until_at_reader(session: &mut Session, condition: &str) -> u64 {
    let sql = format!("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'night' AND {condition}");
    let mut found = None;
    until(condition, || {
        found = session.first::<u64>("looking", &sql).unwrap();
        found.is_some()
    });
    found.unwrap()
}

fn ended(child: Child) -> Output {
    Output::of(child).exits(0)
}

#[test]
fn a_replica_shares_the_reading_or_is_left_out_where_it_cannot_be_trusted() {
    on_all_servers_at_once(|server| {
        let setting = Setting::new(server.engine);
        it_serves_a_part_of_the_same_rows(&setting);
        one_that_lags_is_waited_for(&setting);
        one_that_stands_still_is_left_out(&setting);
        one_that_takes_writes_is_left_out(&setting);
        one_that_cannot_be_logged_in_to_is_left_out(&setting, server);
        without_a_lock_none_is_used(&setting);
        if server.engine == Engine::MySql {
            one_that_commits_out_of_order_is_left_out(&setting);
        }
        one_that_is_lost_costs_time_and_nothing_else(&setting);
        a_plan_is_read_with_the_same_masks(&setting);
        other_rows_fail_the_dump(&setting);
        a_stranger_with_the_same_tables_is_left_out(&setting);
    });
}

fn it_serves_a_part_of_the_same_rows(setting: &Setting) {
    let (writer, reader) = (&setting.pair.writer.server, &setting.pair.reader.server);
    // As a plan on the source leaves its work schema: no replica knows of it, and none must stumble over it.
    let work =
        "CREATE DATABASE refreshkit_work; CREATE TABLE refreshkit_work.refreshkit (id INT PRIMARY KEY);";
    writer.client(None, format!("SET SESSION sql_log_bin = 0; {work}").as_bytes());
    // The first one makes the table of the marks at the replica. Then, the mark of a run that died.
    let first = setting.shared("10m").exits(0);
    assert!(first.stderr.contains("reading through"), "{}", first.stderr);
    writer.client(None, b"INSERT INTO refreshkit_work_readers.reader_marks VALUES ('old', '2026-01-01')");
    // Other settings of a session than the writer's must not matter.
    setting.pair.set("sql_mode = 'ANSI,PAD_CHAR_TO_FULL_LENGTH'");
    setting.pair.set("div_precision_increment = 9");
    let before = (bytes_sent(writer), bytes_sent(reader));
    let output = setting.shared("10m").exits(0);
    let sent = (bytes_sent(writer) - before.0, bytes_sent(reader) - before.1);
    let said = format!("reading through 2 connections: 1 at night@127.0.0.1:{}, 1 at night@", writer.port());
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    assert!(sent.0 > 1 << 20 && sent.1 > 1 << 20, "{sent:?}");
    assert_eq!(file(&output).manifest().consistency, Consistency::Locked);
    // What was written to prove it is gone.
    let left: Option<u64> = writer
        .session()
        .first("asking", "SELECT COUNT(*) FROM refreshkit_work_readers.reader_marks")
        .unwrap();
    assert_eq!(left, Some(0));
    // And it restores.
    let path = PathBuf::from(output.document().dump.unwrap().path);
    let sums = || {
        let names: Vec<String> = (0..TABLES).map(|table| format!("app.t{table}")).collect();
        writer.client(None, format!("CHECKSUM TABLE {}", names.join(", ")).as_bytes())
    };
    let was = sums();
    writer.client(None, b"DROP DATABASE app");
    writer.client(None, &zcat(&path));
    assert_eq!(sums(), was);
    setting.assert_same(&output);
    writer.client(None, b"SET SESSION sql_log_bin = 0; DROP DATABASE refreshkit_work");
    // With fewer workers than servers, the writer is enough.
    let tool = setting.tool("night", &[reader.port()], "10m").args(["--workers", "1"]);
    let output = tool.run().exits(0);
    assert!(!output.stderr.contains("reading through"), "{}", output.stderr);
    assert!(output.stderr.contains("1 reader(s) have nothing to do"), "{}", output.stderr);
}

fn one_that_lags_is_waited_for(setting: &Setting) {
    let mut session = setting.pair.at_reader("STOP REPLICA SQL_THREAD");
    setting.pair.writer.server.client(None, b"INSERT INTO app.end VALUES (2)");
    let port = setting.pair.reader.server.port();
    let child = setting.tool("night", &[port], "10m").spawn();
    until_at_reader(&mut session, "TRUE");
    session.run("going on", "START REPLICA SQL_THREAD").unwrap();
    let said = ended(child).stderr;
    assert!(said.contains("reading through 2 connections") && !said.contains("left out"), "{said}");
}

fn one_that_stands_still_is_left_out(setting: &Setting) {
    let mut session = setting.pair.at_reader("STOP REPLICA SQL_THREAD");
    setting.pair.writer.server.client(None, b"INSERT INTO app.end VALUES (3)");
    let output = setting.shared("1s").exits(0);
    session.run("going on", "START REPLICA SQL_THREAD").unwrap();
    assert!(output.stderr.contains("is left out: it does not show what was written"), "{}", output.stderr);
    let end = tables(&output).into_iter().find(|table| table.table == "end").unwrap();
    assert_eq!(end.rows, 3);
    setting.pair.wait_for("app.end", 3);
}

fn one_that_takes_writes_is_left_out(setting: &Setting) {
    setting.pair.set("read_only = 0");
    let output = setting.shared("10m").exits(0);
    setting.pair.set("read_only = 1");
    assert!(output.stderr.contains("is left out: it is not read-only"), "{}", output.stderr);
}

fn one_that_cannot_be_logged_in_to_is_left_out(setting: &Setting, server: &TestServer) {
    let output = setting.tool("night", &[server.port()], "10m").run().exits(0);
    assert!(output.stderr.contains("is left out: cannot connect to night@127.0.0.1"), "{}", output.stderr);
    setting.assert_same(&output);
}

fn without_a_lock_none_is_used(setting: &Setting) {
    let rights = ["SELECT, SHOW VIEW, TRIGGER, EVENT ON app.*", "ALL ON refreshkit_work_readers.*"];
    setting.pair.account("lockless", &rights);
    let output = setting.tool("lockless", &[setting.pair.reader.server.port()], "10m").run().exits(0);
    assert!(output.stderr.contains("no reader is used: the tables could not be locked"), "{}", output.stderr);
    assert_ne!(file(&output).manifest().consistency, Consistency::Locked);
}

fn one_that_commits_out_of_order_is_left_out(setting: &Setting) {
    let order = |threads: u8, order: u8| {
        let mut session = setting.pair.at_reader("STOP REPLICA SQL_THREAD");
        setting.pair.set(&format!("replica_parallel_workers = {threads}"));
        setting.pair.set(&format!("replica_preserve_commit_order = {order}"));
        session.run("going on", "START REPLICA SQL_THREAD").unwrap();
    };
    order(4, 0);
    let output = setting.shared("10m").exits(0);
    order(1, 1);
    assert!(output.stderr.contains("is left out: it commits out of order"), "{}", output.stderr);
}

fn one_that_is_lost_costs_time_and_nothing_else(setting: &Setting) {
    let names: Vec<String> = (0..TABLES).map(|table| format!("app.t{table} WRITE")).collect();
    // Whichever table the reader begins with, it waits there.
    let mut session = setting.pair.at_reader(&format!("LOCK TABLES {}, app.end WRITE", names.join(", ")));
    let child = setting.tool("night", &[setting.pair.reader.server.port()], "10m").spawn();
    let id = until_at_reader(&mut session, "INFO LIKE 'SELECT t.`id`, %'");
    session.run("killing", &format!("KILL {id}")).unwrap();
    let output = ended(child);
    drop(session);
    assert!(output.stderr.contains("; beginning again with night@127.0.0.1"), "{}", output.stderr);
    let listed = refreshkit::archive::list(
        &setting.home.path().join("dumps"),
        None,
        refreshkit::archive::Trust::anybody(),
    )
    .unwrap();
    assert_eq!(listed.len(), 1);
    setting.assert_same(&output);
}

/// As on a copy: what is written at the writer is at the reader, the work schema too.
fn a_plan_is_read_with_the_same_masks(setting: &Setting) {
    setting.pair.account("masker", &["ALL ON app.*", "ALL ON refreshkit_work.*"]);
    let login = Pair::login(setting.home.path(), "masker");
    let config = setting.config("masker", &[], "10m");
    // Of random texts some look like something.
    let rules =
        "[dehydrate]\nfull = [\"*\"]\n[mask]\npolicy = \"warn\"\nleaks = \"off\"\n\"*.mail\" = \"email\"\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + rules).unwrap();
    let port = setting.pair.reader.server.port();
    let mut document = Document::new("test");
    document.source = Some(Source { databases: vec!["app".to_owned()], ..Source::default() });
    document.cluster = Some(Cluster {
        host: "127.0.0.1".to_owned(),
        port: setting.pair.writer.server.port(),
        readers: vec![Endpoint { host: "127.0.0.1".to_owned(), port, ..Endpoint::default() }],
        login: Some(Login::option_file(&login)),
        throw_away: true,
        ..Cluster::default()
    });
    let tool = |name: &str| Tool::new(name).arg("--config").arg(&config);
    let planned = tool("mydehydrate").document(&document).run().exits(0).document();
    let dump =
        |document: &Document| tool("mydump-rotate").arg("--keep-work").document(document).run().exits(0);
    let shared = dump(&planned);
    assert!(shared.stderr.contains("reading through 2 connections: 1 at masker@"), "{}", shared.stderr);
    let mut without = planned.clone();
    without.cluster.as_mut().unwrap().readers.clear();
    assert!(lasting(&shared) == lasting(&dump(&without)));
    let path = PathBuf::from(shared.document().dump.unwrap().path);
    assert!(!String::from_utf8_lossy(&zcat(&path)).contains("real.example"));
    // Masked with another key, equal values would not be equal.
    setting.pair.at_reader("UPDATE refreshkit_work.mask_key SET `key` = REVERSE(`key`)");
    let output = dump(&planned);
    assert!(output.stderr.contains("is left out: the key of the masks is another"), "{}", output.stderr);
    setting.pair.at_reader("DROP TABLE refreshkit_work.mask_key");
    let output = dump(&planned);
    assert!(
        output.stderr.contains("is left out: running a session statement of the plan"),
        "{}",
        output.stderr
    );
}

fn other_rows_fail_the_dump(setting: &Setting) {
    let mut session = setting.pair.at_reader("SET @row = 7");
    for table in 0..TABLES {
        session.run("losing a row", &format!("DELETE FROM app.t{table} WHERE id = @row")).unwrap();
    }
    let output = setting.shared("10m").exits(65);
    let said = format!("should have {ROWS} rows, and {} were read: nothing is published", ROWS - 1);
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    let dumps = fs::read_dir(setting.home.path().join("dumps")).unwrap();
    let names: Vec<String> = dumps.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, [".t.lock"]);
}

fn a_stranger_with_the_same_tables_is_left_out(setting: &Setting) {
    setting.pair.at_reader("STOP REPLICA");
    let output = setting.shared("1s").exits(0);
    assert!(output.stderr.contains("or it is no reader of that server"), "{}", output.stderr);
    setting.assert_same(&output);
}
