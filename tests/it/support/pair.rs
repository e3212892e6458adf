//! A server and a replica of it, both of a test's own.

use std::path::Path;

use refreshkit::mysql::{Engine, Session, write_option_file};

use super::{Private, TestServer, until};

const PASSWORD: &str = "pw-1-Long";

/// They stop when the test is over; their directory is the caller's.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) writer: Private,
    pub(crate) reader: Private,
}

impl Pair {
    /// Starts both, and the replication from one to the other, which is read-only.
    pub(crate) fn start(engine: Engine, home: &Path) -> Self {
        let start = |name: &str, id: u8, more: &str| {
            let directory = home.join(name);
            let options =
                format!("--server-id={id} --log-bin=binlog --binlog-format=ROW --sync-binlog=0{more}");
            Private::start_with(engine, &directory, &options)
        };
        let writer = start("writer", 1, "");
        // A login is for both, so both have one pair of keys.
        let keys = writer.data();
        let more = match engine {
            Engine::MariaDb => String::new(),
            Engine::MySql => format!(
                " --caching-sha2-password-private-key-path={0}/private_key.pem \
                 --caching-sha2-password-public-key-path={0}/public_key.pem",
                keys.display()
            ),
        };
        let reader = start("reader", 2, &more);
        let pair = Self { writer, reader };
        pair.replicate();
        // From here on, whatever the writer has the reader gets, accounts too.
        pair.account("night", &["ALL ON *.*"]);
        pair.set("read_only = 1");
        pair
    }

    fn replicate(&self) {
        let mut writer = self.writer.server.session();
        let my_sql = self.writer.server.engine == Engine::MySql;
        writer.run("making", &format!("CREATE USER replica@'%' IDENTIFIED BY '{PASSWORD}'")).unwrap();
        writer.run("granting", "GRANT REPLICATION SLAVE ON *.* TO replica@'%'").unwrap();
        let show = if my_sql { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" };
        let row: mysql::Row = writer.first("asking", show).unwrap().unwrap();
        let (file, position): (String, u64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (word, more) = if my_sql { ("SOURCE", ", GET_SOURCE_PUBLIC_KEY = 1") } else { ("MASTER", "") };
        let to = if my_sql { "REPLICATION SOURCE" } else { "MASTER" };
        let change = format!(
            "CHANGE {to} TO {word}_HOST = '127.0.0.1', {word}_PORT = {}, {word}_USER = 'replica', \
             {word}_PASSWORD = '{PASSWORD}', {word}_LOG_FILE = '{file}', {word}_LOG_POS = {position}{more}",
            self.writer.server.port()
        );
        self.at_reader(&change);
        self.at_reader("START REPLICA");
    }

    /// An account with these rights on both.
    pub(crate) fn account(&self, name: &str, grants: &[&str]) {
        let mut writer = self.writer.server.session();
        writer.run("making", &format!("CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}'")).unwrap();
        for grant in grants {
            writer.run("granting", &format!("GRANT {grant} TO {name}@'%'")).unwrap();
        }
    }

    /// The option file of an account.
    pub(crate) fn login(directory: &Path, name: &str) -> std::path::PathBuf {
        let path = directory.join(format!("{name}.cnf"));
        write_option_file(&path, name, PASSWORD).unwrap();
        // MariaDB has none, and does not ask for it.
        let key = directory.join("writer/mysql/data/public_key.pem");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}server-public-key-path={}\n", key.display())).unwrap();
        path
    }

    /// Runs a statement at the reader that its writer knows nothing of.
    pub(crate) fn at_reader(&self, sql: &str) -> Session {
        let mut session = self.reader.server.session();
        session.run("being alone", "SET SESSION sql_log_bin = 0").unwrap();
        session.run("at the reader", sql).unwrap();
        session
    }

    /// Sets a variable of the reader.
    pub(crate) fn set(&self, setting: &str) {
        self.at_reader(&format!("SET GLOBAL {setting}"));
    }

    /// Waits until the reader has what the writer has: a table with this many rows.
    pub(crate) fn wait_for(&self, table: &str, rows: u64) {
        let mut session = self.reader.server.session();
        let sql = format!("SELECT COUNT(*) FROM {table}");
        until(table, || matches!(session.first::<u64>("counting", &sql), Ok(Some(found)) if found == rows));
    }
}

impl TestServer {
    /// Where it listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        refreshkit::mysql::OptionFile::read(&self.client_cnf).unwrap().port.unwrap()
    }
}
