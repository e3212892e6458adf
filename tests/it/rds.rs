//! The four RDS tools as a person runs them, against a small RDS with real servers behind it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use refreshkit::document::{Cluster, Document, Login, ResourceKind, StepStatus, ThrowAwayCopy};
use refreshkit::mysql::Server;

use crate::rds_cloud::{ROWS, Stage, stage};
use crate::rds_drop::until_there;
use crate::support::{path, servers};

/// What the option file of a copy says, and the file's path.
fn login(document: &Document) -> (String, String) {
    let Some(Login::OptionFile { path, .. }) = &document.cluster.as_ref().unwrap().login else {
        panic!("no option file: {document:?}")
    };
    (path.clone(), password_in(path))
}

fn password_in(option_file: &str) -> String {
    let text = std::fs::read_to_string(option_file).unwrap();
    let line = text.lines().find(|line| line.starts_with("password")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

/// All files below a directory.
pub(crate) fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let all = walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.unwrap().into_path());
    all.filter(|path| path.is_file()).collect()
}

/// The copy of a document, for the test that made it.
fn copy_of(cluster: &Cluster) -> Server {
    Server::of_copy(&ThrowAwayCopy::described(ResourceKind::Cluster, cluster)).unwrap()
}

fn rows(server: &Server) -> u64 {
    let mut session = server.connect().unwrap();
    session.first("counting", "SELECT COUNT(*) FROM app.notes").unwrap().unwrap()
}

#[test]
fn a_copy_of_production_is_made_proven_and_removed_and_production_stays_as_it_was() {
    for engine in servers().iter().map(|server| server.engine) {
        eprintln!("on {engine:?}");
        let stage = stage(Some(engine));
        let checksum = |stage: &Stage| -> (String, u64) {
            stage.source().first("checking", "CHECKSUM TABLE app.notes").unwrap().unwrap()
        };
        let before = checksum(&stage);
        let document = stage.restored("night-1");
        let cluster = document.cluster.clone().unwrap();
        assert_eq!((cluster.id.as_str(), cluster.throw_away), ("kit-night-1", true));
        assert_eq!(cluster.instances, ["kit-night-1-0"]);
        assert_eq!(document.snapshot.as_ref().unwrap().status, "available");
        assert!(document.snapshot.as_ref().unwrap().created_at.is_some());
        assert_eq!(document.resources.len(), 3);
        assert!(
            document.resources.iter().all(|owed| owed.resource_id.is_some() && owed.expires_at.is_some())
        );

        let copy = copy_of(&cluster);
        assert_eq!(rows(&copy), ROWS);
        copy.connect().unwrap().run("deleting", "DELETE FROM app.notes").unwrap();
        let old = password_in(&stage.master_file());
        let production = Server::at(&cluster.host, cluster.port, "admin", &old);
        let refused = production.with_public_key(&stage.public_key()).connect().unwrap_err();
        assert_eq!(refused.number(), Some(1045));

        let (file, _) = login(&document);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        stage.dropped(&document);
        // Who we are stays.
        assert_eq!(files(&stage.state_dir()), [stage.state_dir().join("owner")]);
        assert_eq!(checksum(&stage), before);
    }
}

#[test]
fn no_password_is_in_any_document_line_error_argument_or_other_file() {
    let stage = stage(None);
    let snapped = stage.tool("rds-snap").args(["--run", "secret"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let (done, see) = channel();
    let watcher = std::thread::spawn(move || arguments_of_everybody(&see));
    let restored = stage.tool("rds-restore").stdin(waited.stdout.clone()).run().exits(0);
    let (file, password) = login(&restored.document());
    nowhere_but_in(&stage, &file, &password);
    let dropped = stage.tool("rds-drop").stdin(restored.stdout.clone()).run().exits(0);
    assert!(!Path::new(&file).exists());

    // The errors of a password that the service refuses, that never settles, and with which nobody can log in.
    let mut passwords = vec![password];
    let mut said = vec![restored.stdout, restored.stderr, dropped.stdout, dropped.stderr];
    for (run, fault) in [
        ("secret-2", "ModifyDBCluster: error InvalidParameterValue 400 1"),
        ("secret-3", "cluster kit-secret-3: password never"),
        ("secret-4", "CreateDBInstance: error AccessDenied 403 1"),
    ] {
        stage.fault(&["clear", fault]);
        let snapped = stage.tool("rds-snap").args(["--run", run]).run().exits(0);
        let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
        let failed = stage.tool("rds-restore").env("REFRESHKIT_PACE", "0.002").stdin(waited.stdout).run();
        assert_ne!(failed.code, 0);
        let file = stage.state_dir().join(format!("{run}.cnf")).display().to_string();
        let password = password_in(&file);
        nowhere_but_in(&stage, &file, &password);
        passwords.push(password);
        stage.fault(&["clear"]);
        let dropped = stage.drop_run(run).exits(0);
        assert!(!Path::new(&file).exists());
        said.extend([failed.stdout, failed.stderr, dropped.stdout, dropped.stderr]);
    }
    done.send(()).unwrap();
    let arguments = watcher.join().unwrap();
    assert!(arguments.contains("rds-restore"), "the watcher saw nothing");
    said.push(arguments);
    for password in &passwords {
        assert_eq!(password.len(), 32);
        assert!(said.iter().all(|text| !text.contains(password.as_str())));
    }
}

/// The password is in one file only, mode 0600, and not in the service's log either.
fn nowhere_but_in(stage: &Stage, file: &str, password: &str) {
    let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{file}");
    let log = stage.cloud.directory.parent().unwrap().join("log");
    let others = files(stage.home.path()).into_iter().filter(|path| *path != Path::new(file));
    for other in others.chain([log]) {
        let text = std::fs::read(&other).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(password), "{}", other.display());
    }
}

/// What `/proc` shows of every process until somebody says that it is enough.
fn arguments_of_everybody(enough: &Receiver<()>) -> String {
    let mut said = BTreeSet::new();
    while enough.try_recv() == Err(TryRecvError::Empty) {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            said.insert(std::fs::read(entry.path().join("cmdline")).unwrap_or_default());
        }
        // A tool lives longer than that, and the tests beside this one want to go on.
        std::thread::sleep(Duration::from_millis(40));
    }
    said.iter().map(|arguments| String::from_utf8_lossy(arguments) + "\n").collect()
}

/// The pipe as a shell runs it; gives its exit code, the last document and what was said.
fn pipe(stage: &Stage, run: &str, restore: &str) -> (i32, Document, String) {
    let folder = path("rds-snap").parent().unwrap().display().to_string();
    let script = format!(
        "set -o pipefail; PATH={folder}:$PATH; rds-snap | rds-wait | rds-restore {restore} | rds-drop"
    );
    let output = stage.bash(&script).env("REFRESH_RUN", run).output().unwrap();
    let document = refreshkit::document::parse(&output.stdout).unwrap();
    (output.status.code().unwrap(), document, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_shell_pipe_cleans_up_after_itself_and_shows_the_first_failure() {
    let stage = stage(None);
    let (code, document, said) = pipe(&stage, "pipe-1", "");
    assert_eq!((code, document.ok), (0, true), "{said}");
    assert_eq!(document.steps.len(), 4);
    assert_eq!(stage.left(), Vec::<String>::new());

    stage.fault(&["CreateDBInstance: error InstanceQuotaExceeded 400 1"]);
    let (code, document, said) = pipe(&stage, "pipe-2", "");
    let error = document.error.unwrap();
    assert_eq!((code, error.tool.as_str(), error.code.as_str()), (69, "rds-restore", "quota"), "{said}");
    assert!(error.hint.unwrap().contains("rds-drop --expired"));
    assert_eq!(stage.left(), Vec::<String>::new());

    stage.fault(&["clear", "CreateDBClusterSnapshot: error AccessDenied 403 1"]);
    let (code, document, said) = pipe(&stage, "pipe-3", "");
    assert_eq!((code, document.error.unwrap().tool.as_str()), (69, "rds-snap"), "{said}");
    let skipped = document.steps.iter().filter(|step| step.status == StepStatus::Skipped).count();
    assert_eq!(skipped, 2, "{said}");
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn the_next_instance_class_is_taken_when_there_is_no_machine_of_the_first() {
    let stage = stage(None);
    stage.fault(&["CreateDBInstance: error InsufficientDBInstanceCapacity 400 2"]);
    let clone = ["--clone", "--run", "full", "--instance-class", "db.r8g.large"];
    let failed = stage.tool("rds-restore").args(clone).run().exits(69);
    let error = failed.document().error.unwrap();
    assert_eq!(error.code, "capacity", "{}", failed.stderr);
    assert!(error.hint.unwrap().contains("[restore] instance_class"));
    // Until there is one, nothing answers.
    let waited = stage.tool("rds-wait").args(["--cluster", "kit-full"]).run().exits(0);
    assert!(waited.stderr.contains("cluster kit-full has no instance"), "{}", waited.stderr);
    // Started again by a configuration that names another one, it goes on with the cluster that is there.
    let text = std::fs::read_to_string(stage.home.path().join("refresh.toml")).unwrap();
    let listed = format!("{text}instance_class = [\"db.r8g.large\", \"db.r7g.large\"]\n");
    std::fs::write(stage.home.path().join("refresh.toml"), listed).unwrap();
    let restored = stage.tool("rds-restore").args(["--clone", "--run", "full"]).run().exits(0);
    assert!(restored.stderr.contains("trying db.r7g.large instead of db.r8g.large"), "{}", restored.stderr);
    assert!(stage.state_of("kit-full-0").contains("<DBInstanceClass>db.r7g.large<"));
    stage.dropped(&restored.document());
}

#[test]
fn an_instance_for_which_a_machine_is_missing_late_is_replaced_by_one_of_the_next_class() {
    let stage = stage(None);
    // It is found out while the instance is being created, after the call.
    stage.fault(&["instance kit-late-1: delay 1s"]);
    let arguments = [
        "--clone",
        "--run",
        "late",
        "--readers",
        "1",
        "--instance-class",
        "db.r8g.large",
        "--instance-class",
    ];
    let tool = stage.tool("rds-restore").args(arguments).arg("db.r7g.large");
    let running = std::thread::spawn(move || tool.run());
    until_there(&stage, "instance kit-late-1 creating");
    stage.fault(&["clear", "instance kit-late-1: state insufficient-capacity"]);
    let restored = running.join().unwrap().exits(0);
    let said = "instance kit-late-1 is insufficient-capacity";
    assert!(
        restored.stderr.contains(said) && restored.stderr.contains("; trying db.r7g.large"),
        "{}",
        restored.stderr
    );
    assert!(stage.state_of("kit-late-1").contains("<DBInstanceClass>db.r7g.large<"));
    assert!(stage.state_of("kit-late-0").contains("<DBInstanceClass>db.r8g.large<"));
    let document = restored.document();
    assert_eq!(document.resources.len(), 3);
    assert_eq!(document.cluster.as_ref().unwrap().instances, ["kit-late-0", "kit-late-1"]);
    stage.dropped(&document);

    // Without another class it is an error that says what to write.
    stage.fault(&["clear", "instance kit-none-0: fail insufficient-capacity"]);
    let failed = stage.tool("rds-restore").args(["--clone", "--run", "none"]).run().exits(69);
    assert!(failed.stderr.contains("hint: give [restore] instance_class a list"), "{}", failed.stderr);
    stage.dropped(&failed.document());
}

#[test]
fn a_serverless_clone_with_a_reader_needs_no_snapshot_and_no_default_of_the_service() {
    let stage = stage(None);
    let path = stage.home.path().join("refresh.toml");
    let more = "instance_class = \"db.serverless\"\nserverless = { min_acu = 0.5, max_acu = 8 }\n\
                instance_parameter_group = \"dev-instance\"\niam_login = true\n";
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + more).unwrap();
    let restored =
        stage.tool("rds-restore").args(["--clone", "--run", "cloned", "--readers", "1"]).run().exits(0);
    let document = restored.document();
    let cluster = document.cluster.as_ref().unwrap();
    assert_eq!(cluster.instances, ["kit-cloned-0", "kit-cloned-1"]);
    assert_eq!(document.snapshot.as_ref().unwrap().kind, "clone");
    assert!(document.snapshot.as_ref().unwrap().created_at.is_some());
    assert_eq!(rows(&copy_of(cluster)), ROWS);
    let [reader] = &cluster.readers[..] else { panic!("{:?}", cluster.readers) };
    assert_eq!((reader.id.as_str(), reader.port), ("kit-cloned-1", cluster.port));
    let through = Cluster { host: reader.host.clone(), port: reader.port, ..cluster.clone() };
    assert_eq!(rows(&copy_of(&through)), ROWS);
    let copy = stage.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", "kit-cloned")]);
    for said in [
        "<MinCapacity>0.5</MinCapacity><MaxCapacity>8</MaxCapacity>",
        "<IAMDatabaseAuthenticationEnabled>true<",
        "<DBSubnetGroup>dev</DBSubnetGroup>",
        "<DBClusterParameterGroup>dev-aurora<",
        "<VpcSecurityGroupId>sg-0a1b2c3d4e5f60718<",
        "<BackupRetentionPeriod>1<",
        "<DeletionProtection>false<",
        "<CopyTagsToSnapshot>false<",
        "<StorageType>aurora<",
    ] {
        assert!(copy.contains(said), "no {said} in {copy}");
    }
    let instance = stage.state_of("kit-cloned-1");
    for said in [
        "<DBInstanceClass>db.serverless<",
        "<PubliclyAccessible>false<",
        "<PromotionTier>1<",
        "<DBParameterGroupName>dev-instance<",
        "<Key>refreshkit:expires</Key>",
    ] {
        assert!(instance.contains(said), "no {said} in {instance}");
    }
    stage.dropped(&document);
}
