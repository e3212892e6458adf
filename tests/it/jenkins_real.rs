//! The Jenkinsfiles run by the runner (`tests/jenkins/run.groovy`) with the real tools: the night on `rds-local`, the button on a
//! server of the tests. What is other than on an agent: where refresh.toml is, and that a controller is played.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::jenkins::{GROOVY, file};
use crate::pipe::Night;
use crate::restore_place::{Place, assert_same, picture, shop};
use crate::support::{path as tool_path, servers, until};

/// What one build said.
struct Build {
    /// The runner's own lines: form, description, what was archived, what was begun, the result.
    told: Vec<String>,
    log: String,
}

impl Build {
    fn result(&self) -> &str {
        self.told.last().map_or("", |line| line.trim_start_matches("result "))
    }

    fn description(&self) -> &str {
        self.told.iter().find_map(|line| line.strip_prefix("description ")).unwrap_or_default()
    }
}

/// Java with the runner and a Jenkinsfile, where the agent's configuration is `config`, in a workspace of its own.
fn runner(bash: &mut Command, directory: &Path, jenkinsfile: &str, config: &Path, build: &str) -> Command {
    let text = file(jenkinsfile).1.replace("/etc/refreshkit/refresh.toml", config.to_str().unwrap());
    let copy = directory.join(jenkinsfile);
    std::fs::write(&copy, text).unwrap();
    let workspace = directory.join(format!("ws-{build}"));
    std::fs::create_dir_all(&workspace).unwrap();
    let mut java = Command::new("java");
    java.args(["-XX:TieredStopAtLevel=1", "-cp", GROOVY, "groovy.ui.GroovyMain"]);
    java.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/jenkins/run.groovy"));
    java.arg(copy).arg("--ws").arg(workspace);
    for (name, value) in bash.get_envs() {
        match value {
            Some(value) => java.env(name, value),
            None => java.env_remove(name),
        };
    }
    java.env_remove("REFRESH_RUN").env_remove("JENKINS_URL").env_remove("REFRESH_REPORTS");
    java.env("BUILD_TAG", build).env("REFRESH_RETRY_AFTER", "0").current_dir(directory);
    java.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    java
}

fn ended(mut java: Command) -> Build {
    let output = java.output().expect("scripts/test sees to java");
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = log.lines().filter_map(|line| line.strip_prefix("== ")).map(str::to_owned).collect();
    Build { told, log }
}

/// A build of the nightly job.
fn night_build(night: &Night, build: &str, config: &str) -> Command {
    let config = night.directory().join(config);
    runner(&mut night.shell(build, ""), night.directory(), "nightly.Jenkinsfile", &config, build)
}

fn small_night() -> Night {
    Night::small(servers().into_iter().next().unwrap().engine)
}

/// Whether everything is tried (`scripts/test --all`), or what a few seconds allow.
fn everything() -> bool {
    std::env::var_os("REFRESHKIT_TEST_KILLS").is_some()
}

#[test]
fn a_build_of_the_real_night_archives_its_report_and_one_that_fails_in_any_stage_is_red_and_leaves_nothing() {
    let night = small_night();
    let config = std::fs::read_to_string(night.directory().join("refresh.toml")).unwrap();
    let write = |name: &str, from: &str, to: &str| {
        assert!(config.contains(from));
        std::fs::write(night.directory().join(name), config.replace(from, to)).unwrap();
    };
    write("unmasked.toml", "\"*.email\" = \"email\"", "");
    write("nowhere.toml", "/dumps\"", "/no/such/place\"");
    let cases: &[(&str, &str, &str)] = &[
        ("mydehydrate", "unmasked.toml", ""),
        ("rds-snap", "refresh.toml", "CreateDBClusterSnapshot: error AccessDenied 403"),
        ("rds-wait", "refresh.toml", "snapshot refreshkit-*: fail"),
        ("rds-restore", "refresh.toml", "RestoreDBClusterFromSnapshot: error DBSubnetGroupNotFoundFault 404"),
        ("mydump-rotate", "nowhere.toml", ""),
    ];
    for (stage, config, fault) in &cases[..if everything() { cases.len() } else { 1 }] {
        if !fault.is_empty() {
            night.cloud.fault(fault);
        }
        let build = ended(night_build(&night, &format!("n-{stage}"), config));
        night.cloud.fault("clear");
        assert_eq!(build.result(), "FAILURE", "{stage}: {}", build.log);
        assert!(build.description().contains(stage), "{stage}: {:?}", build.told);
        assert!(!build.told.iter().any(|line| line.starts_with("began ")), "{stage}");
        assert!(night.dumps().is_empty(), "{stage}");
        night.assert_clean(&format!("a build whose {stage} failed"));
    }
    let mut java = night_build(&night, "n-good", "refresh.toml");
    java.args(["--jobs", "db-refresh"]);
    let build = ended(java);
    assert_eq!(build.result(), "SUCCESS", "{}", build.log);
    assert!(build.description().starts_with("ok · "), "{}", build.description());
    let archived = build.told.iter().find(|line| line.starts_with("archived ")).unwrap();
    for name in ["junit.xml", "refreshkit.prom", "report.css", "report.html", "report.txt", "run.json"] {
        assert!(archived.contains(name), "{archived}");
    }
    assert!(build.told.contains(&"began db-refresh UPDATE_CHOICES_ONLY=true".to_owned()), "{:?}", build.told);
    assert_eq!(night.dumps().len(), 1);
    night.assert_clean("a good build");
}

#[test]
fn an_aborted_build_of_the_real_night_leaves_nothing_and_makes_no_dump() {
    let night = small_night();
    // Calls take a second, so that the first moments are in the clean-up before the pipe.
    let early: Vec<u64> = if everything() { (1..=25).map(|n| n * 200).collect() } else { vec![1400, 4200] };
    let late: &[u64] = if everything() { &[6000, 7000, 8000, 9000, 10_000] } else { &[] };
    for moment in early.iter().chain(late) {
        let build = format!("n-abort-{moment}");
        night.cloud.fault("*: slow 1s 1h");
        let mut java = night_build(&night, &build, "refresh.toml");
        java.args(["--jobs", "db-refresh", "--abort-after", &moment.to_string()]);
        let ended = ended(java);
        night.cloud.fault("clear");
        // Shown if something is left.
        eprintln!("{}", ended.log);
        assert_eq!(ended.result(), "ABORTED", "{moment}: {}", ended.log);
        assert!(!ended.told.iter().any(|line| line.starts_with("began ")), "{moment}: {:?}", ended.told);
        assert!(night.dumps().is_empty(), "a dump was made after an abort at {moment} ms");
        // post{} has cleaned up already.
        night.assert_clean(&format!("an abort at {moment} ms"));
    }
}

/// Ends all processes of a build at once, as an agent that is lost does.
fn lose(build: &str, java: &mut std::process::Child) {
    java.kill().unwrap();
    java.wait().unwrap();
    let marker = format!("BUILD_TAG={build}");
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if environment.split(|byte| *byte == 0).any(|word| word == marker.as_bytes())
            && let Some(pid) = pid.and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

#[test]
fn what_a_lost_agent_left_is_gone_after_the_next_build_of_the_real_night() {
    let night = small_night();
    night.cloud.fault("cluster refreshkit-*: stick");
    let mut java = night_build(&night, "n-lost", "refresh.toml").spawn().unwrap();
    let begun = Instant::now();
    until("the copy is being made", || night.cloud.list().contains("refreshkit-n-lost"));
    until("the cluster is there", || {
        night.cloud.list().lines().any(|line| line.starts_with("cluster") && line.contains("n-lost"))
    });
    lose("n-lost", &mut java);
    assert!(begun.elapsed() < Duration::from_secs(120));
    night.cloud.fault("clear");
    assert!(night.cloud.list().contains("n-lost"), "nobody cleaned up");
    let build = ended(night_build(&night, "n-next", "refresh.toml"));
    assert_eq!(build.result(), "SUCCESS", "{}", build.log);
    assert_eq!(night.dumps().len(), 1);
    night.assert_clean("the build after a lost agent");
}

#[test]
fn the_real_button_refreshes_and_whatever_goes_wrong_or_is_typed_the_database_is_as_it_was() {
    let server = servers().into_iter().next().unwrap();
    let source = shop(&server);
    let place = Place::with_dump_of(&source);
    let repository = place.repository("good", &[("1.sql", "ALTER TABLE bag ADD good INT;")]);
    let git = |arguments: &[&str]| crate::restore_place::git(&repository, arguments);
    git(&["checkout", "-q", "-b", "bad"]);
    std::fs::write(repository.join("2.sql"), "ALTER TABLE nowhere ADD bad INT;").unwrap();
    git(&["add", "."]);
    git(&["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "bad"]);
    let migrations = format!(
        "[migrations]\nrepository = \"{}\"\npath = \"*.sql\"\ndefault_ref = \"good\"\n",
        repository.display()
    );
    place.configure(&migrations);
    let press = |build: &str, flags: &[&str]| {
        let tools = tool_path("dev-restore").parent().unwrap().to_owned();
        let mut bash = Command::new("bash");
        bash.env("PATH", format!("{}:{}", tools.display(), std::env::var_os("PATH").unwrap().display()));
        bash.env("REFRESH_STATE_DIR", place.path("state"));
        let config = place.path("refresh.toml");
        let mut java = runner(&mut bash, place.directory.path(), "refresh.Jenkinsfile", &config, build);
        java.args(["--param", "TARGET=dev3"]).args(flags);
        ended(java)
    };
    let build = press("r-good", &["--user", "alice"]);
    assert_eq!(build.result(), "SUCCESS", "{}", build.log);
    assert!(
        build.description().ends_with("@ good, 1 migration · 0 s") || build.description().contains("@ good"),
        "{}",
        build.description()
    );
    assert!(build.told[0].contains("BRANCH=good|(none)|bad"), "{:?}", build.told);
    let old = picture(&server, place.database());

    // A dump that has rotated out since the form was shown, a migration that fails, and what people type.
    let wrong: &[(&str, &[&str], &str)] = &[
        ("stale", &["--param", "DUMP=app-20261101T020000Z.sql.gz", "--env", "STALE=1"], "there is no dump"),
        ("bad", &["--param", "BRANCH=bad"], "2.sql"),
        ("shell", &["--param", "REF=$(touch pwned); `touch pwned` && touch pwned"], "no"),
        ("flag", &["--param", "REF=--config=/nonexistent"], "no"),
        ("git", &["--param", "REF=--upload-pack=touch pwned"], "no"),
        (
            "tables",
            &["--param", "ACTION=only these tables", "--param", "TABLES=x' OR 1; DROP TABLE bag"],
            "there is no table",
        ),
        ("newline", &["--param", "REF=a\nrm -rf out\ntouch pwned"], "no"),
    ];
    for (name, flags, said) in wrong {
        let build = press(&format!("r-{name}"), flags);
        assert_eq!(build.result(), "FAILURE", "{name}: {}", build.log);
        assert!(build.log.contains(said), "{name}: {}", build.log);
        assert_same(&picture(&server, place.database()), &old);
        let touched = std::fs::read_dir(place.path(&format!("ws-r-{name}"))).unwrap();
        let names: Vec<_> = touched.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!names.iter().any(|file| file.contains("pwned")), "{name}: {names:?}");
        assert!(build.description().contains("FAILED"), "{name}: {:?}", build.told);
    }
    assert_eq!(press("r-else", &["--param", "DUMP=app-20261101T020000Z.sql.gz"]).result(), "REFUSED");

    place.target.run("DELETE FROM bag");
    let some = ["--param", "ACTION=only these tables", "--param", "TABLES=bag"];
    assert_eq!(press("r-some", &some).result(), "SUCCESS");
    assert_same(&picture(&server, place.database()), &old);
    assert_eq!(press("r-undo", &["--param", "ACTION=undo"]).result(), "SUCCESS");
    assert_eq!(place.target.run("SELECT COUNT(*) FROM bag"), "0\n");

    // An abort in the middle of the load's last step.
    let old = picture(&server, place.database());
    place.configure_target("after = [\"SELECT SLEEP(1000)\"]");
    let build = press("r-abort", &["--param", "BRANCH=(none)", "--abort-after", "4000"]);
    assert_eq!(build.result(), "ABORTED", "{}", build.log);
    assert_same(&picture(&server, place.database()), &old);
}
