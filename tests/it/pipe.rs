//! The whole pipe on `rds-local`: the night, its failures, its kills; and the day after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use refreshkit::document::{self, Document, StepStatus};
use refreshkit::mysql::{Engine, Server};

use crate::support::{Cloud, TestServer, for_each_server, path as tool_path, servers};

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
security_groups = ["sg-1"]
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
struct Night {
    cloud: Cloud,
    config: PathBuf,
}

/// What came of a shell script.
struct Outcome {
    code: i32,
    document: Document,
    stderr: String,
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Night {
    fn small(engine: Engine) -> Self {
        Self::new(engine, SMALL, SMALL_CONFIG)
    }

    fn new(engine: Engine, sql: &str, config: &str) -> Self {
        let cloud = Cloud::start(engine, sql);
        let directory = cloud.directory.path();
        std::fs::create_dir(directory.join("dumps")).unwrap();
        let path = directory.join("refresh.toml");
        std::fs::write(&path, config.replace("DIR", directory.to_str().unwrap())).unwrap();
        Self { cloud, config: path }
    }

    fn directory(&self) -> &Path {
        self.cloud.directory.path()
    }

    /// A bash with the tools on PATH, as a build agent has it.
    fn shell(&self, run: &str, script: &str) -> Command {
        let tools = tool_path("mydehydrate").parent().unwrap().to_owned();
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .env("PATH", format!("{}:{}", tools.display(), std::env::var_os("PATH").unwrap().display()))
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
    fn run(&self, run: &str, script: &str) -> Outcome {
        let output = self.shell(run, &format!("set -o pipefail; {script}")).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = document::parse(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{stderr}"));
        Outcome { code: output.status.code().unwrap(), document, stderr }
    }

    /// Asserts that nothing but production is at the endpoint, and production is as it was.
    fn assert_clean(&self, after: &str) {
        let list = self.cloud.list();
        let foreign: Vec<&str> =
            list.lines().filter(|line| !line.contains("prod-replica") && !line.trim().is_empty()).collect();
        assert!(foreign.is_empty(), "after {after} there is {foreign:?}");
        let source = list.lines().find(|line| line.contains("prod-replica")).unwrap_or_default();
        assert!(source.contains("available"), "after {after} the source is {source:?}");
    }

    fn dumps(&self) -> Vec<PathBuf> {
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

/// Values of `sql` on `server`, as texts.
fn values(server: &Server, sql: &str) -> BTreeSet<String> {
    server.connect().unwrap().rows::<String>("reading", sql).unwrap().into_iter().collect()
}

/// Child column -> parent column of the demo's production, where the child's condition holds.
const EDGES: &[(&str, &str, &str, &str)] = &[
    ("applications", "insured_id", "insureds", "insured_id"),
    ("applications", "producer_id", "producers", "producer_id"),
    ("applications", "product_id", "products", "product_id"),
    ("applications", "user_id", "users", "user_id"),
    ("applications", "renewal_of", "applications", "app_id"),
    ("producers", "broker_id", "retail_brokers", "broker_id"),
    ("producers", "manager_id", "producers", "producer_id"),
    ("ratings", "app_id", "applications", "app_id"),
    ("rating_factors", "rating_id", "ratings", "rating_id"),
    ("signatures", "document_id", "documents", "document_id"),
    ("notes", "app_id", "applications", "app_id"),
    ("notes", "user_id", "users", "user_id"),
    ("policies", "app_id", "applications", "app_id"),
    ("policies", "previous_policy_id", "policies", "policy_id"),
    ("claims", "policy_id", "policies", "policy_id"),
    ("invoices", "policy_id", "policies", "policy_id"),
    ("invoice_lines", "CONCAT(region, invoice_no)", "invoices", "CONCAT(region, invoice_no)"),
    ("insureds", "state", "states", "code"),
];

/// No kept row refers to a row that production has and the copy has not.
fn assert_no_lost_parent(production: &Server, copy: &Server, database: &str) {
    for (child, column, parent, key) in EDGES {
        let select = |database: &str, table: &str, value: &str| {
            format!(
                "SELECT DISTINCT CAST({value} AS CHAR) FROM `{database}`.{table} WHERE {value} IS NOT NULL"
            )
        };
        let referred = values(copy, &select(database, child, column));
        let kept = values(copy, &select(database, parent, key));
        let there = values(production, &select("app", parent, key));
        let lost: Vec<_> =
            referred.difference(&kept).filter(|value| there.contains(*value)).take(3).collect();
        assert!(
            lost.is_empty(),
            "{child}.{column} -> {parent}: {lost:?} are in production and not in the copy"
        );
        assert!(!referred.is_empty(), "{child}.{column} has no rows: the test would prove nothing");
    }
}

/// The demo's configuration, with a target on a server of the tests.
fn demo_config(server: &TestServer, database: &str) -> String {
    let text = std::fs::read_to_string(repository().join("scripts/demo.d/refresh.toml")).unwrap();
    let text = text.split("[targets.dev1]").next().unwrap().replace("@DIR@", "DIR");
    let target = format!(
        "[targets.dev1]\ndatabase = \"{database}\"\ndefaults_file = \"{}\"\n[migrations]\nrepository = \"DIR/app.git\"\npath = \"db/updates/*.sql\"\n",
        server.client_cnf.display()
    );
    text + &target
}

/// A repository with a branch that carries a migration.
fn make_repository(directory: &Path) {
    let script = "git init -q --bare app.git -b main && git clone -q app.git work 2>/dev/null && cd work && git checkout -q -B main \
        && mkdir -p db/updates && echo 'ALTER TABLE ratings ADD COLUMN currency CHAR(3) NOT NULL DEFAULT '\"'USD'\"';' > db/updates/V002__currency.sql \
        && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm one && git push -q origin main && git push -q origin main:feature/rating-v2";
    let output = Command::new("bash").args(["-c", script]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_night_of_the_jenkinsfile_and_the_day_after_it_on_both_servers() {
    for_each_server(|server| {
        let scratch = server.scratch("pipe");
        let production = std::fs::read_to_string(repository().join("scripts/demo.d/production.sql")).unwrap();
        let night = Night::new(server.engine, &production, &demo_config(server, &scratch.name));
        make_repository(night.directory());
        run_the_jenkinsfile(&night);
        night.assert_clean("the night");
        let dump = night.dumps().pop().unwrap();
        assert_no_marker(&dump);
        let refresh = night.run("day", "dev-restore --target dev1 --dump latest --ref feature/rating-v2");
        assert_eq!(refresh.code, 0, "{}", refresh.stderr);
        assert_eq!(refresh.document.refresh.as_ref().unwrap().migrations.len(), 1);
        let copy = server.server();
        assert!(
            values(&copy, &format!("SELECT DISTINCT currency FROM `{}`.ratings", scratch.name))
                .contains("USD")
        );
        assert_no_lost_parent(&night.cloud.production(), &copy, &scratch.name);
        assert_stock_client_restores_the_same(server, &night, &dump, &scratch.name);
    });
}

/// Runs the script of nightly.Jenkinsfile as a build agent would.
fn run_the_jenkinsfile(night: &Night) {
    let text = std::fs::read_to_string(repository().join("jenkins/nightly.Jenkinsfile")).unwrap();
    let script = text.split("script: '''").nth(1).unwrap().split("'''").next().unwrap().replace("\\\\", "\\");
    let output = night.shell("night", &script).env("SNAPSHOT", "").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(night.directory().join("out").join(name)).unwrap();
    let document = document::parse(read("run.json").as_bytes()).unwrap();
    assert!(document.ok && document.resources.is_empty());
    assert_eq!(document.dehydration.as_ref().unwrap().dangling, 0);
    assert!(read("summary.txt").starts_with("ok · "), "{}", read("summary.txt"));
    assert!(read("refreshkit.prom").contains("refreshkit_ok 1\n"));
}

/// Production's marker is in every name, address and note of the source, and nowhere in the dump.
fn assert_no_marker(dump: &Path) {
    let script = "zcat \"$0\" | tee >(wc -c >&2) | grep -aci qzx";
    let output = Command::new("bash").args(["-c", script]).arg(dump).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    let bytes: u64 = String::from_utf8_lossy(&output.stderr).trim().parse().unwrap();
    assert!(bytes > 100_000, "the dump is too small to prove anything");
}

/// `zcat dump | mariadb` gives the tables that dev-restore gave (before the branch's migration).
fn assert_stock_client_restores_the_same(server: &TestServer, night: &Night, dump: &Path, refreshed: &str) {
    let stock = server.scratch("stock");
    let script = format!(
        "set -o pipefail; zcat \"$0\" | sed -E -e 's/^(CREATE DATABASE.*)`app`/\\1`{0}`/' -e 's/^USE `app`/USE `{0}`/' | mariadb --defaults-file='{1}' --binary-mode",
        stock.name,
        server.client_cnf.display()
    );
    let output = Command::new("bash").args(["-c", &script]).arg(dump).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let undone = night.run("again", "dev-restore --target dev1 --dump latest");
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    let tables = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = '{}'",
        stock.name
    );
    let names = values(&server.server(), &tables);
    assert!(names.len() > 20, "{names:?}");
    for table in names {
        let digest = |database: &str| {
            server.client(
                None,
                format!("CHECKSUM TABLE `{database}`.`{table}`; SELECT COUNT(*) FROM `{database}`.`{table}`")
                    .as_bytes(),
            )
        };
        let (theirs, ours) = (digest(&stock.name), digest(refreshed));
        assert_eq!(theirs.replace(&stock.name, "db"), ours.replace(refreshed, "db"), "{table}");
    }
}
