//! The whole pipe on `rds-local`: each stage failing, each stage killed. The night itself is in `pipe_night.rs`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use refreshkit::document::{self, Document, StepStatus};
use refreshkit::mysql::Engine;

use crate::support::{Cloud, TestServer, path as tool_path, servers};

const PIPE: &str = "rds-snap | rds-wait | rds-restore | mydehydrate | mydump-rotate | rds-drop";
const STAGES: &[&str] = &["rds-snap", "rds-wait", "rds-restore", "mydehydrate", "mydump-rotate", "rds-drop"];

/// A production of four tables: enough for every stage, quick enough for forty pipes.
const SMALL: &str = "
USE app;
CREATE TABLE applications (app_id INT PRIMARY KEY, producer_id INT NOT NULL, created_at DATETIME NOT NULL);
CREATE TABLE producers (producer_id INT PRIMARY KEY, email VARCHAR(190) NOT NULL);
CREATE TABLE ratings (rating_id INT PRIMARY KEY, app_id INT NOT NULL, score FLOAT);
CREATE TABLE audit_log (id INT PRIMARY KEY, what TEXT);
INSERT INTO applications VALUES (1, 1, '2020-01-01'), (2, 2, NOW()), (3, 2, NOW());
INSERT INTO producers VALUES (1, 'qzx1@x.example'), (2, 'qzx2@x.example');
INSERT INTO ratings VALUES (1, 1, 16777216), (2, 2, 0.1), (3, 3, NULL);
INSERT INTO audit_log VALUES (1, 'qzx');
";

const SMALL_CONFIG: &str = r#"
[source]
cluster = "prod-replica"
databases = ["app"]
[restore]
subnet_group = "dev-private"
security_groups = ["sg-0a1b2c3d4e5f60718"]
server_public_key = "DIR/rds/server_public_key.pem"
[dehydrate]
root = { table = "applications", date = "created_at", window = "30d" }
empty = ["@logs"]
[relations]
"applications.producer_id" = "producers.producer_id"
"ratings.app_id" = "applications.app_id"
[mask]
"*.email" = "email"
[dump]
dir = "DIR/dumps"
"#;

/// A night to run: a cloud and a configuration.
pub(crate) struct Night {
    pub(crate) cloud: Cloud,
    config: PathBuf,
}

/// What came of a shell script.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) document: Document,
    pub(crate) stderr: String,
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Night {
    pub(crate) fn small(engine: Engine) -> Self {
        Self::new(engine, SMALL, SMALL_CONFIG)
    }

    pub(crate) fn new(engine: Engine, sql: &str, config: &str) -> Self {
        let cloud = Cloud::start(engine, sql);
        let directory = cloud.directory.path();
        std::fs::create_dir(directory.join("dumps")).unwrap();
        std::fs::create_dir(directory.join("bin")).unwrap();
        let script = repository().join("scripts/nightly");
        std::os::unix::fs::symlink(script, directory.join("bin/refreshkit-nightly")).unwrap();
        let path = directory.join("refresh.toml");
        std::fs::write(&path, config.replace("DIR", directory.to_str().unwrap())).unwrap();
        Self { cloud, config: path }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.cloud.directory.path()
    }

    /// A bash with the tools on PATH, as a build agent has it.
    pub(crate) fn shell(&self, run: &str, script: &str) -> Command {
        let tools = tool_path("mydehydrate").parent().unwrap().to_owned();
        let installed = self.directory().join("bin");
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .env(
                "PATH",
                format!(
                    "{}:{}:{}",
                    installed.display(),
                    tools.display(),
                    std::env::var_os("PATH").unwrap().display()
                ),
            )
            .env("REFRESH_CONFIG", &self.config)
            .env("REFRESH_RUN", run)
            .env_remove("BUILD_TAG")
            .envs(self.cloud.environment())
            .current_dir(self.directory())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a script whose stdout is one document.
    pub(crate) fn run(&self, run: &str, script: &str) -> Outcome {
        let output = self.shell(run, &format!("set -o pipefail; {script}")).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = document::parse(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{stderr}"));
        Outcome { code: output.status.code().unwrap(), document, stderr }
    }

    /// Asserts that nothing but production is at the endpoint, and production is as it was.
    pub(crate) fn assert_clean(&self, after: &str) {
        let list = self.cloud.list();
        let foreign: Vec<&str> =
            list.lines().filter(|line| !line.contains("prod-replica") && !line.trim().is_empty()).collect();
        assert!(foreign.is_empty(), "after {after} there is {foreign:?}");
        let source = list.lines().find(|line| line.contains("prod-replica")).unwrap_or_default();
        assert!(source.contains("available"), "after {after} the source is {source:?}");
    }

    pub(crate) fn dumps(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.directory().join("dumps"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().ends_with(".sql.gz") && !path.is_symlink())
            .collect();
        files.sort();
        files
    }
}

fn first_server() -> TestServer {
    servers().into_iter().next().unwrap()
}

/// The pipe with something else in the place of one stage.
fn pipe_with(stage: &str, instead: &str) -> String {
    let stages: Vec<&str> = STAGES.iter().map(|name| if *name == stage { instead } else { name }).collect();
    stages.join(" | ")
}

#[test]
fn each_stage_that_fails_is_what_the_shell_sees_and_the_pipe_cleans_up() {
    let night = Night::small(first_server().engine);
    let bad = night.directory().join("bad.toml");
    let config = std::fs::read_to_string(&night.config).unwrap();
    std::fs::write(&bad, config.replace("\"*.email\"", "\"producers.emial\"")).unwrap();
    let nowhere = night.directory().join("nowhere.toml");
    std::fs::write(&nowhere, config.replace("/dumps\"", "/no/such/place\"")).unwrap();
    let cases: &[(&str, String, Option<&str>, &[i32])] = &[
        ("rds-snap", "rds-snap --cluster no-such-cluster".into(), None, &[65, 69, 78]),
        ("rds-wait", "rds-wait --fallback none".into(), Some("snapshot refreshkit-*: fail"), &[69]),
        (
            "rds-restore",
            "rds-restore".into(),
            Some("RestoreDBClusterFromSnapshot: error DBSubnetGroupNotFoundFault 404"),
            &[69, 78],
        ),
        ("mydehydrate", format!("mydehydrate --config {}", bad.display()), None, &[78]),
        ("mydump-rotate", format!("mydump-rotate --config {}", nowhere.display()), None, &[73]),
    ];
    for (stage, instead, fault, codes) in cases {
        if let Some(fault) = fault {
            night.cloud.fault(fault);
        }
        let outcome = night.run(&format!("fail-{stage}"), &pipe_with(stage, instead));
        night.cloud.fault("clear");
        assert!(codes.contains(&outcome.code), "{stage}: {}\n{}", outcome.code, outcome.stderr);
        let error = outcome.document.error.clone().unwrap();
        assert_eq!(
            (error.tool.as_str(), i32::from(error.exit)),
            (*stage, outcome.code),
            "{}",
            outcome.stderr
        );
        assert!(error.hint.is_some(), "{stage} gives no hint: {}", error.message);
        let position = STAGES.iter().position(|name| name == stage).unwrap();
        for (name, step) in STAGES.iter().zip(&outcome.document.steps).skip(position + 1) {
            let expected = if *name == "rds-drop" { StepStatus::Ok } else { StepStatus::Skipped };
            assert_eq!((step.tool.as_str(), step.status), (*name, expected), "after {stage} failed");
        }
        assert_eq!(outcome.document.resources, [], "{stage}");
        night.assert_clean(&format!("{stage} failed"));
        assert!(night.dumps().is_empty());
    }
}

#[test]
fn a_failing_clean_up_is_never_silent_and_can_be_repeated() {
    let night = Night::small(first_server().engine);
    night.cloud.fault("DeleteDBCluster: error InvalidParameterCombination 400 100");
    let outcome = night.run("fail-drop", PIPE);
    assert_ne!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.document.error.as_ref().unwrap().tool, "rds-drop");
    assert!(!outcome.document.resources.is_empty());
    assert_eq!(night.dumps().len(), 1, "the dump of the night is there all the same");
    night.cloud.fault("clear");
    assert_eq!(night.run("other", "rds-drop --run fail-drop").code, 0);
    night.assert_clean("the second rds-drop");
}

/// Waits until the pipe's stage is at work: its input has come and it has not ended.
fn pid_of(stage: &str, night: &Night, until: Instant) -> Option<rustix::process::Pid> {
    while Instant::now() < until {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name();
            let Ok(pid) = name.to_str().unwrap_or_default().parse::<i32>() else { continue };
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let ours = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let here = night.directory().to_str().unwrap().as_bytes();
            let program = command.split(|byte| *byte == 0).next().unwrap_or_default();
            if program.ends_with(stage.as_bytes()) && ours.windows(here.len()).any(|window| window == here) {
                return rustix::process::Pid::from_raw(pid);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

#[test]
fn a_killed_stage_leaves_nothing_that_rds_drop_cannot_find() {
    use rustix::process::{Signal, kill_process};
    let night = Night::small(first_server().engine);
    for (number, signal) in [(0, Signal::TERM), (1, Signal::KILL)] {
        for (position, stage) in STAGES.iter().enumerate() {
            let run = format!("kill-{number}-{stage}");
            let child = night.shell(&run, &format!("set -o pipefail; {PIPE}")).spawn().unwrap();
            // Every stage waits for the one before it: killed a little later each time, it is at work or waiting.
            std::thread::sleep(Duration::from_millis(60 + 350 * position as u64));
            if let Some(pid) = pid_of(stage, &night, Instant::now() + Duration::from_secs(2)) {
                let _ = kill_process(pid, signal);
            }
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let dropped = night.run(&run, &format!("rds-drop --run {run}"));
            assert_eq!(dropped.code, 0, "{run}: {}\nthe pipe said: {stderr}", dropped.stderr);
            night.assert_clean(&run);
        }
    }
}
