//! A cloud for the tests: one `rds-local` for each server software, shared by all tests of this process.
//!
//! A test takes it for itself, may order faults, and must leave nothing of its own: that is checked when it gives the
//! cloud back. The shell around `rds-local` holds a pipe to this process and removes everything when it ends, however
//! it ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use refreshkit::mysql::Engine;

use crate::support::{Tool, path, servers};

/// The source of every test.
pub(crate) const SOURCE: &str = "prod-replica";

/// The plain instance that some tests add.
pub(crate) const PLAIN: &str = "plain-prod";

/// Rows of the source's only table.
pub(crate) const ROWS: u64 = 500;

/// Pauses of the tools against the local endpoint, as a factor: 10 s are 0.2 s.
const PACE: &str = "0.02";

/// A running `rds-local`.
pub(crate) struct Cloud {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    pub(crate) directory: PathBuf,
    /// Its stdin keeps the service alive.
    keeper: Child,
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
    stage.fault(&["clear", "cluster prod-replica: state -", "instance prod-replica-0: state -"]);
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
        let mysqld = std::env::var_os("REFRESHKIT_TEST_MYSQLD")
            .map(|program| format!("--server {}", Path::new(&program).display()));
        let server = match engine {
            Engine::MariaDb => "--engine mariadb".to_owned(),
            Engine::MySql => mysqld.unwrap_or_else(|| "--engine mysql".to_owned()),
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
        let mut cloud = Self { engine, url: String::new(), directory: cloud, keeper };
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
            let ended = self.keeper.try_wait().unwrap();
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(ended.is_none(), "rds-local did not start: {}", said());
            assert!(begun.elapsed() < Duration::from_mins(2), "rds-local is too slow: {}", said());
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

/// The environment of a tool that talks to `endpoint`, and of nothing else.
pub(crate) fn with_aws(tool: Tool, endpoint: &str) -> Tool {
    tool.env("AWS_ENDPOINT_URL_RDS", endpoint)
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("REFRESHKIT_PACE", PACE)
}
