//! A cloud for the tests: one `rds-local` for each server software, shared by all tests of this process.
//!
//! A test takes it for itself, may order faults, and must leave nothing of its own: that is checked when it gives the
//! cloud back. The shell around `rds-local` holds a pipe to this process and removes everything when it ends, however
//! it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use refreshkit::document::Document;
use refreshkit::mysql::{Engine, Server, Session};

use crate::support::{Output, Tool, path, servers};

/// The source of every test.
pub(crate) const SOURCE: &str = "prod-replica";

/// Rows of the source's only table.
pub(crate) const ROWS: u64 = 500;

/// Pauses of the tools against the local endpoint, as a factor: 10 s are 0.2 s.
const PACE: &str = "0.02";

/// A running `rds-local`.
pub(crate) struct Cloud {
    pub(crate) url: String,
    pub(crate) engine: Engine,
    directory: PathBuf,
    /// Its stdin keeps the service alive.
    _keeper: Child,
}

/// A cloud that nobody else uses meanwhile.
pub(crate) struct Stage {
    pub(crate) cloud: MutexGuard<'static, Cloud>,
    pub(crate) home: tempfile::TempDir,
}

/// Two clouds for most tests, so that they can run side by side, and one of the other software.
static FIRST: [OnceLock<Mutex<Cloud>>; 2] = [OnceLock::new(), OnceLock::new()];
static OTHER: [OnceLock<Mutex<Cloud>>; 1] = [OnceLock::new()];

/// Takes a cloud of one server software (of the first that is tested, for `None`).
pub(crate) fn stage(engine: Option<Engine>) -> Stage {
    let usual = servers()[0].engine;
    let engine = engine.unwrap_or(usual);
    let clouds: &[OnceLock<Mutex<Cloud>>] = if engine == usual { &FIRST } else { &OTHER };
    let cloud = take(clouds, engine);
    let stage = Stage { cloud, home: tempfile::tempdir().unwrap() };
    stage.write_config("");
    stage.fault(&["clear"]);
    stage.sweep();
    stage
}

/// The first cloud that nobody uses. A test that failed leaves its faults and resources, which the next one sweeps.
fn take(clouds: &'static [OnceLock<Mutex<Cloud>>], engine: Engine) -> MutexGuard<'static, Cloud> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = NEXT.fetch_add(1, Ordering::Relaxed);
    loop {
        for cloud in clouds.iter().cycle().skip(first % clouds.len()).take(clouds.len()) {
            match cloud.get_or_init(|| Mutex::new(Cloud::start(engine))).try_lock() {
                Ok(taken) => return taken,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Cloud {
    fn start(engine: Engine) -> Self {
        let directory = tempfile::Builder::new().prefix("rds-tests-").tempdir().unwrap().keep();
        let seed = directory.join("seed.sql");
        std::fs::write(&seed, seed_sql()).unwrap();
        let cloud = directory.join("cloud");
        let mysqld = std::env::var("REFRESHKIT_TEST_MYSQLD").map(|program| format!("--server {program}"));
        let server = match engine {
            Engine::MariaDb => "--engine mariadb".to_owned(),
            Engine::MySql => mysqld.unwrap_or_else(|_| "--engine mysql".to_owned()),
        };
        // A signal to the whole group must not keep it from cleaning up.
        let script = r#"
            trap "" TERM INT HUP
            "$RDS_LOCAL" init --dir "$CLOUD" --from "$SEED" --cluster "$SOURCE" $SERVER >"$TOP/master" || exit 1
            "$RDS_LOCAL" serve --dir "$CLOUD" --delays 0.1 --endpoint-file "$CLOUD.url" >/dev/null &
            cat >/dev/null
            kill $!
            wait
            "$RDS_LOCAL" destroy --dir "$CLOUD"
            rm -rf "$TOP"
        "#;
        let keeper = Command::new("sh")
            .args(["-c", script])
            .env("RDS_LOCAL", path("rds-local"))
            .env("CLOUD", &cloud)
            .env("TOP", &directory)
            .env("SEED", &seed)
            .env("SOURCE", SOURCE)
            .env("SERVER", server)
            .stdin(Stdio::piped())
            .stderr(std::fs::File::create(directory.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut cloud = Self { url: String::new(), engine, directory: cloud, _keeper: keeper };
        cloud.url = cloud.wait_for_url(&directory.join("cloud.url"), &directory.join("log"));
        cloud
    }

    fn wait_for_url(&mut self, file: &Path, log: &Path) -> String {
        let begun = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(file)
                && text.ends_with('\n')
            {
                return text.trim().to_owned();
            }
            let ended = self._keeper.try_wait().unwrap();
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(ended.is_none(), "rds-local did not start: {}", said());
            assert!(begun.elapsed() < Duration::from_secs(120), "rds-local is too slow: {}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn seed_sql() -> String {
    let mut sql =
        "CREATE TABLE notes (id INT PRIMARY KEY, body VARCHAR(100));\nINSERT INTO notes VALUES ".to_owned();
    let rows: Vec<String> = (1..=ROWS).map(|id| format!("({id}, 'note {id}')")).collect();
    sql.push_str(&rows.join(", "));
    sql.push_str(";\n");
    sql
}

impl Stage {
    /// `refresh.toml` with more lines in `[snapshot]`.
    pub(crate) fn write_config(&self, snapshot: &str) {
        let text = format!(
            "[source]\ncluster = \"{SOURCE}\"\ndatabases = [\"app\"]\n\n[snapshot]\nprefix = \"kit\"\n{snapshot}\n\n\
             [restore]\nsubnet_group = \"dev\"\nsecurity_groups = [\"sg-1\"]\nparameter_group = \"dev-aurora\"\n"
        );
        std::fs::write(self.home.path().join("refresh.toml"), text).unwrap();
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// A tool that talks to this cloud.
    pub(crate) fn tool(&self, name: &str) -> Tool {
        with_aws(Tool::new(name), &self.cloud.url)
            .env("REFRESH_CONFIG", self.home.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.state_dir())
    }

    /// A shell whose tools talk to this cloud.
    pub(crate) fn bash(&self, script: &str) -> Command {
        let mut bash = self.tool("rds-snap").into_environment("bash");
        bash.args(["-c", script]).stdin(Stdio::null());
        bash
    }

    /// Orders faults; `clear` forgets all.
    pub(crate) fn fault(&self, faults: &[&str]) {
        let output = Tool::new("rds-local")
            .args(["fault", "--endpoint", &self.cloud.url])
            .args(faults.iter().copied());
        output.run().exits(0);
    }

    /// Everything at the endpoint as `kind id status`, the source and automated snapshots aside.
    pub(crate) fn left(&self) -> Vec<String> {
        let listed = Tool::new("rds-local").args(["list", "--endpoint", &self.cloud.url]).run().exits(0);
        let source_instance = format!("{SOURCE}-0");
        let ours = |line: &&str| {
            let id = line.split('\t').nth(1).unwrap_or_default();
            id != SOURCE
                && id != source_instance
                && !id.starts_with("rds:")
                && !id.starts_with(&format!("{SOURCE}-many-"))
        };
        listed.stdout.lines().filter(ours).map(|line| line.replace('\t', " ")).collect()
    }

    /// One call of the Query API, as a person with other tools would make it.
    pub(crate) fn call(&self, parameters: &[(&str, &str)]) -> String {
        let body: String = form_urlencoded::Serializer::new("Version=2014-10-31&".to_owned())
            .extend_pairs(parameters)
            .finish();
        let host = self.cloud.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }

    /// Sets a tag, as a person with other tools would.
    pub(crate) fn tag(&self, arn: &str, key: &str, value: &str) {
        self.call(&[
            ("Action", "AddTagsToResource"),
            ("ResourceName", arn),
            ("Tags.Tag.1.Key", key),
            ("Tags.Tag.1.Value", value),
        ]);
    }

    /// The ARN of a cluster or an instance.
    pub(crate) fn arn(&self, kind: &str, id: &str) -> String {
        let answer = match kind {
            "cluster" => self.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", id)]),
            _ => self.call(&[("Action", "DescribeDBInstances"), ("DBInstanceIdentifier", id)]),
        };
        let tag = if kind == "cluster" { "DBClusterArn" } else { "DBInstanceArn" };
        between(&answer, &format!("<{tag}>"), &format!("</{tag}>")).to_owned()
    }

    /// How the id of an automated snapshot of this age begins: to the hour.
    #[expect(clippy::unused_self, reason = "reads as a question to the cloud")]
    pub(crate) fn stamp_of_automated(&self, age: Duration) -> String {
        let moment = jiff::Timestamp::now() - jiff::SignedDuration::try_from(age).unwrap();
        moment.strftime("%Y-%m-%d-%H").to_string()
    }

    /// `rds-snap | rds-wait | rds-restore`, each expected to work.
    pub(crate) fn restored(&self, run: &str) -> Document {
        let snapped = self.tool("rds-snap").args(["--run", run]).run().exits(0);
        let waited = self.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
        self.tool("rds-restore").stdin(waited.stdout).run().exits(0).document()
    }

    /// `rds-drop`, expected to work and to leave nothing.
    pub(crate) fn dropped(&self, document: &Document) -> Document {
        let after = self.tool("rds-drop").document(document).run();
        let expected = document.error.as_ref().map_or(0, |error| i32::from(error.exit));
        let after = after.exits(expected).document();
        assert_eq!(after.resources, vec![]);
        assert_eq!(self.left(), Vec::<String>::new());
        after
    }

    /// `rds-drop --run`, without a document.
    pub(crate) fn drop_run(&self, run: &str) -> Output {
        self.tool("rds-drop").args(["--run", run]).run()
    }

    /// Logs in to the source as its master.
    pub(crate) fn source(&self) -> Session {
        let address = self.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", SOURCE)]);
        let text = |tag: &str| between(&address, &format!("<{tag}>"), &format!("</{tag}>")).to_owned();
        let config = refreshkit::config::ServerConfig {
            defaults_file: Some(self.master_file()),
            host: Some(text("Endpoint")),
            port: text("Port").parse().ok(),
            ..Default::default()
        };
        Server::of_config(&config).unwrap().connect().unwrap()
    }

    /// The option file of the source's master.
    pub(crate) fn master_file(&self) -> String {
        let printed = std::fs::read_to_string(self.cloud.directory.parent().unwrap().join("master")).unwrap();
        printed.trim().to_owned()
    }

    /// Removes what an earlier test left.
    pub(crate) fn sweep(&self) {
        let begun = Instant::now();
        while !self.left().is_empty() {
            for line in self.left() {
                let mut words = line.split(' ');
                let (kind, id) = (words.next().unwrap(), words.next().unwrap());
                self.try_delete(kind, id);
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "cannot sweep {:?}", self.left());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn try_delete(&self, kind: &str, id: &str) {
        let (action, name) = match kind {
            "instance" => ("DeleteDBInstance", "DBInstanceIdentifier"),
            "cluster" => ("DeleteDBCluster", "DBClusterIdentifier"),
            _ => ("DeleteDBClusterSnapshot", "DBClusterSnapshotIdentifier"),
        };
        let host = self.cloud.url.strip_prefix("http://").unwrap();
        for body in [
            format!(
                "Version=2014-10-31&Action=ModifyDBCluster&DBClusterIdentifier={id}&DeletionProtection=false"
            ),
            format!("Version=2014-10-31&Action={action}&{name}={id}&SkipFinalSnapshot=true"),
        ] {
            let mut stream = TcpStream::connect(host).unwrap();
            let _ = write!(
                stream,
                "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1;
    rest.split_once(to).unwrap().0
}

/// The environment of a tool that talks to `endpoint`, and of nothing else.
pub(crate) fn with_aws(tool: Tool, endpoint: &str) -> Tool {
    tool.env("AWS_ENDPOINT_URL_RDS", endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("REFRESHKIT_PACE", PACE)
}
