//! Real servers, started by `scripts/test` (or `scripts/servers start DIR mariadb mysql`).
//!
//! A server that is not there is a failure, unless `REFRESHKIT_TEST_ONLY` names the other one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use refreshkit::config::ServerConfig;
use refreshkit::mysql::{Engine, Server, Session};

use super::tool::Output;

/// One real server.
#[derive(Debug, Clone)]
pub(crate) struct TestServer {
    pub(crate) engine: Engine,
    /// An option file with host, port, socket, user and password of an account that may do everything.
    pub(crate) client_cnf: PathBuf,
}

/// The servers to test on.
pub(crate) fn servers() -> Vec<TestServer> {
    let only = std::env::var_os("REFRESHKIT_TEST_ONLY");
    let all = [
        ("mariadb", "REFRESHKIT_TEST_MARIADB", Engine::MariaDb),
        ("mysql", "REFRESHKIT_TEST_MYSQL", Engine::MySql),
    ];
    let wanted = all.iter().filter(|(name, ..)| only.as_ref().is_none_or(|only| only == name));
    wanted
        .map(|(name, variable, engine)| {
            let path = std::env::var_os(variable).unwrap_or_else(|| {
                panic!(
                    "${variable} is not set: run scripts/test, or start servers with scripts/servers ({name})"
                )
            });
            TestServer { engine: *engine, client_cnf: PathBuf::from(path) }
        })
        .collect()
}

/// Runs a test on every server, saying which one failed.
pub(crate) fn for_each_server(test: impl Fn(&TestServer)) {
    for server in servers() {
        eprintln!("on {:?}", server.engine);
        test(&server);
    }
}

/// The same on all servers at once, for a test that mostly waits.
pub(crate) fn on_all_servers_at_once(test: impl Fn(&TestServer) + Sync) {
    let servers = servers();
    std::thread::scope(|scope| {
        for server in &servers {
            let test = &test;
            std::thread::Builder::new()
                .name(format!("on {:?}", server.engine))
                .spawn_scoped(scope, move || test(server))
                .unwrap();
        }
    });
}

impl TestServer {
    /// As the configuration names it.
    pub(crate) fn config(&self) -> ServerConfig {
        ServerConfig { defaults_file: Some(self.client_cnf.display().to_string()), ..ServerConfig::default() }
    }

    pub(crate) fn server(&self) -> Server {
        Server::of_config(&self.config()).unwrap()
    }

    pub(crate) fn session(&self) -> Session {
        self.server().connect().unwrap()
    }

    /// A database of this test's own, dropped at the end.
    pub(crate) fn scratch(&self, word: &str) -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t_{word}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut session = self.session();
        session
            .run("creating a scratch database", &format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"))
            .unwrap();
        Scratch { server: self.clone(), name }
    }

    /// The databases that a tool's proof of its dump left here. Other tests' tools prove theirs on the same server at any time.
    pub(crate) fn left_by_the_proof_of(&self, tool: &Output) -> Vec<String> {
        let sql = format!("SHOW DATABASES LIKE 'refreshkit\\_verify\\_{}\\_%'", tool.process);
        self.session().rows("looking for what a proof left", &sql).unwrap()
    }

    /// Feeds SQL to the stock client, as a person would.
    pub(crate) fn client(&self, database: Option<&str>, sql: &[u8]) -> String {
        use std::io::Write;
        let mut child = Command::new("mariadb")
            .arg(format!("--defaults-file={}", self.client_cnf.display()))
            .args(["--batch", "--skip-column-names", "--binary-mode", "--default-character-set=utf8mb4"])
            .args(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the mariadb client is installed");
        child.stdin.take().unwrap().write_all(sql).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A database that goes when the test is over, with every database whose name begins with its own (`…__refresh`).
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) server: TestServer,
    pub(crate) name: String,
}

impl Scratch {
    /// Runs SQL in the scratch database.
    pub(crate) fn run(&self, sql: &str) -> String {
        self.server.client(Some(&self.name), sql.as_bytes())
    }

    /// The folder that a case needs for its files.
    pub(crate) fn directory(&self) -> tempfile::TempDir {
        tempfile::Builder::new().prefix(Path::new(&self.name)).tempdir().unwrap()
    }

    /// Writes `refresh.toml` with these rules for this database. The work schema is the test's own too.
    pub(crate) fn write_rules(&self, directory: &Path, rules: &str) {
        let mine = format!("[dehydrate]\nwork_schema = \"{}__work\"\n", self.name);
        let text = format!(
            "[source]\ndefaults_file = {:?}\ndatabases = [{:?}]\n{}",
            self.server.client_cnf.display().to_string(),
            self.name,
            rules.replacen("[dehydrate]\n", &mine, 1),
        );
        assert!(text.contains(&mine), "no [dehydrate] in {rules}");
        std::fs::write(directory.join("refresh.toml"), text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Ok(mut session) = self.server.server().connect() else { return };
        // Its own, and those that go on with `_`: `t_x_1` must not take `t_x_11` along.
        let like = format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA \
             WHERE SCHEMA_NAME = '{0}' OR LEFT(SCHEMA_NAME, {1}) = '{0}_'",
            self.name,
            self.name.len() + 1,
        );
        for name in session.rows::<String>("listing scratch databases", &like).unwrap_or_default() {
            session.attempt(&format!("DROP DATABASE `{name}`"));
        }
    }
}
