//! A cloud of a test's own: `rds-local` with a production cluster `prod-replica`, in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use refreshkit::config::ServerConfig;
use refreshkit::mysql::{Engine, Server};

use super::tool::path;

/// A running endpoint. It stops, and its directory goes, when the test is over.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) endpoint: String,
    serve: Child,
}

fn engine_flags(engine: Engine) -> Vec<String> {
    let (word, variable) = match engine {
        Engine::MariaDb => ("mariadb", "REFRESHKIT_TEST_MARIADBD"),
        Engine::MySql => ("mysql", "REFRESHKIT_TEST_MYSQLD"),
    };
    let mut flags = vec!["--engine".to_owned(), word.to_owned()];
    if let Some(server) = std::env::var_os(variable) {
        flags.extend(["--server".to_owned(), server.into_string().unwrap()]);
    }
    flags
}

impl Cloud {
    /// A cloud whose production holds what `sql` makes; it must make the database `app`.
    pub(crate) fn start(engine: Engine, sql: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("rk-cloud").tempdir().unwrap();
        let from = directory.path().join("production.sql");
        std::fs::write(&from, sql).unwrap();
        let home = directory.path().join("rds");
        let output = Command::new(path("rds-local"))
            .args(["init", "--cluster", "prod-replica", "--databases", "app", "--dir"])
            .arg(&home)
            .arg("--from")
            .arg(&from)
            .args(engine_flags(engine))
            .output()
            .unwrap();
        assert!(output.status.success(), "rds-local init: {}", String::from_utf8_lossy(&output.stderr));
        let (serve, endpoint) = serve(&home);
        Self { directory, endpoint, serve }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().join("rds")
    }

    /// Makes the endpoint misbehave: see `rds-local fault --help`.
    pub(crate) fn fault(&self, line: &str) {
        let output = Command::new(path("rds-local"))
            .args(["fault", "--endpoint", &self.endpoint, line])
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What is there: one line a resource, kind, id and status.
    pub(crate) fn list(&self) -> String {
        let output =
            Command::new(path("rds-local")).args(["list", "--endpoint", &self.endpoint]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The production server behind the endpoint, with its master's login.
    pub(crate) fn production(&self) -> Server {
        let output = Command::new(path("rds-local"))
            .args(["list", "--json", "--endpoint", &self.endpoint])
            .output()
            .unwrap();
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let resources = list["resources"].as_array().unwrap();
        let port = resources.iter().find(|r| r["id"] == "prod-replica").unwrap()["port"].as_u64().unwrap();
        let login = self.home().join("clusters/prod-replica/master.cnf");
        Server::of_config(&ServerConfig {
            host: Some("127.0.0.1".to_owned()),
            port: Some(u16::try_from(port).unwrap()),
            defaults_file: Some(login.display().to_string()),
            ..ServerConfig::default()
        })
        .unwrap()
    }

    /// The environment of a tool that talks to this cloud.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("AWS_ENDPOINT_URL_RDS", &self.endpoint),
            pair("AWS_REGION", "eu-west-1"),
            pair("AWS_ACCESS_KEY_ID", "test"),
            pair("AWS_SECRET_ACCESS_KEY", "test"),
            pair("AWS_EC2_METADATA_DISABLED", "true"),
            pair("REFRESHKIT_PACE", "0.01"),
            pair("REFRESH_STATE_DIR", self.directory.path().join("state").to_str().unwrap()),
        ]
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "whoever starts the cloud waits for it; a failed start ends the test"
)]
fn serve(home: &Path) -> (Child, String) {
    let file = home.with_extension("endpoint");
    let log = std::fs::File::create(home.with_extension("log")).unwrap();
    let child = Command::new(path("rds-local"))
        .args(["serve", "--delays", "0.02", "--dir"])
        .arg(home)
        .arg("--endpoint-file")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let began = Instant::now();
    loop {
        if let Ok(endpoint) = std::fs::read_to_string(&file) {
            return (child, endpoint.trim().to_owned());
        }
        let log = || std::fs::read_to_string(home.with_extension("log")).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(60), "rds-local serve does not come up: {}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.serve.id()).unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.serve.wait();
        let _ = Command::new(path("rds-local")).args(["destroy", "--dir"]).arg(self.home()).output();
    }
}
