//! `rds-local` as its callers see it: real servers, real SDKs, faults, and what is left after `kill -9`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use refreshkit::mysql::{Error, OptionFile, Server, number};

use crate::support::Tool;

const SEED: &str = "\
/*M!999999\\- a first line as mariadb-dump writes it */
CREATE TABLE marks (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(60)) ENGINE=InnoDB;
INSERT INTO marks (note) VALUES ('a;b'), ('it''s'), ('c\\'d');
DELIMITER ;;
CREATE TRIGGER shout BEFORE INSERT ON marks FOR EACH ROW BEGIN SET NEW.note = CONCAT(NEW.note, '!'); END;;
DELIMITER ;
";

/// The longest that anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both engines, unless the caller wants only one.
fn engines() -> Vec<&'static str> {
    let only = std::env::var_os("REFRESHKIT_TEST_ONLY");
    ["mariadb", "mysql"].into_iter().filter(|name| only.as_ref().is_none_or(|only| only == name)).collect()
}

fn on_both(test: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        let test = &test;
        let threads: Vec<_> =
            engines().into_iter().map(|engine| (engine, scope.spawn(move || test(engine)))).collect();
        for (engine, thread) in threads {
            assert!(thread.join().is_ok(), "on {engine}");
        }
    });
}

/// A directory with a seeded cluster: made once for each engine, then copied, because a MySQL takes seconds to install.
fn seeded(engine: &str) -> tempfile::TempDir {
    static MADE: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let template = made.entry(engine.to_owned()).or_insert_with(|| {
        let template = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rds-local-{engine}"));
        Tool::new("rds-local").args(["destroy", "--dir"]).arg(&template).run().exits(0);
        let sql = template.with_extension("sql.gz");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(SEED.as_bytes()).unwrap();
        std::fs::write(&sql, packed.finish().unwrap()).unwrap();
        let init =
            Tool::new("rds-local").args(["init", "--engine", engine, "--dir"]).arg(&template).arg("--from");
        init.arg(&sql).run().exits(0);
        template
    });
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-a", "--sparse=always"])
        .arg(template)
        .arg(copy.path().join("cloud"))
        .status()
        .unwrap();
    assert!(copied.success());
    copy
}

/// A running `rds-local serve`.
struct Service {
    folder: tempfile::TempDir,
    delays: &'static str,
    child: Option<Child>,
    url: String,
}

impl Service {
    fn start(engine: &str, delays: &'static str) -> Self {
        let mut service = Self { folder: seeded(engine), delays, child: None, url: String::new() };
        service.serve();
        service
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("cloud")
    }

    fn serve(&mut self) {
        let tool = Tool::new("rds-local").args(["serve", "--delays", self.delays, "--dir"]).arg(self.dir());
        let mut child = tool.spawn();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let told = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        if line.is_empty() {
            panic!("rds-local does not serve: {}", told.join().unwrap());
        }
        self.url = line.trim().to_owned();
        self.child = Some(child);
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, as a person or a build server stops it.
    fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap().code()
    }

    /// Server processes on this directory.
    fn servers(&self) -> usize {
        let wanted = format!("--datadir={}/", self.dir().canonicalize().unwrap().display());
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).contains(&wanted)).count()
    }

    fn fault(&self, lines: &[&str]) {
        Tool::new("rds-local").args(["fault", "--endpoint", &self.url]).args(lines.to_vec()).run().exits(0);
    }

    /// One call, without an SDK: the answer's XML, or the error's code and status.
    fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, (u16, String)> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", "2014-10-31").extend_pairs(parameters);
        let body = form.finish();
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status: u16 = answer.split_whitespace().nth(1).map_or(0, |status| status.parse().unwrap());
        if status == 200 { Ok(answer) } else { Err((status, tag(&answer, "Code").unwrap_or_default())) }
    }

    fn done(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.call(action, parameters).unwrap_or_else(|e| panic!("{action}: {e:?}"))
    }

    fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        self.call(action, parameters).expect_err(action)
    }

    fn cluster(&self, id: &str) -> String {
        self.done("DescribeDBClusters", &[("DBClusterIdentifier", id)])
    }

    fn snapshot_status(&self, id: &str) -> String {
        let answer = self.done("DescribeDBClusterSnapshots", &[("DBClusterSnapshotIdentifier", id)]);
        tag(&answer, "Status").unwrap()
    }

    fn instance_status(&self, id: &str) -> Option<String> {
        let answer = self.call("DescribeDBInstances", &[("DBInstanceIdentifier", id)]);
        answer.ok().map(|answer| tag(&answer, "DBInstanceStatus").unwrap())
    }

    fn await_cluster(&self, id: &str) {
        until(&format!("cluster {id} is available"), || {
            tag(&self.cluster(id), "Status").unwrap() == "available"
        });
    }

    fn await_snapshot(&self, id: &str, status: &str) {
        until(&format!("snapshot {id} is {status}"), || self.snapshot_status(id) == status);
    }

    fn await_instance(&self, id: &str) {
        until(&format!("instance {id} is available"), || self.instance_status(id).unwrap() == "available");
    }

    /// A way into a cluster.
    fn login(&self, id: &str, password: &str) -> Server {
        let port = tag(&self.cluster(id), "Port").unwrap().parse().unwrap();
        Server::at("127.0.0.1", port, "admin", password)
    }

    fn production_password(&self) -> String {
        let file = self.dir().join("clusters/prod-replica/master.cnf");
        OptionFile::read(&file).unwrap().password.unwrap()
    }

    fn snapshot(&self, id: &str) {
        let source = ("DBClusterIdentifier", "prod-replica");
        self.done("CreateDBClusterSnapshot", &[source, ("DBClusterSnapshotIdentifier", id)]);
    }

    fn restore(&self, id: &str, snapshot: &str) {
        let engine = ("Engine", "aurora-mysql");
        let names = [("DBClusterIdentifier", id), ("SnapshotIdentifier", snapshot), engine];
        self.done("RestoreDBClusterFromSnapshot", &names);
    }

    fn add_instance(&self, id: &str, cluster: &str) {
        let more = [("DBInstanceClass", "db.r7g.large"), ("Engine", "aurora-mysql")];
        let names = [("DBInstanceIdentifier", id), ("DBClusterIdentifier", cluster)];
        self.done("CreateDBInstance", &[names, more].concat());
    }

    fn set_password(&self, cluster: &str, password: &str) {
        let names = [("DBClusterIdentifier", cluster), ("MasterUserPassword", password)];
        let answer = self.done("ModifyDBCluster", &names);
        assert!(answer.contains("<PendingModifiedValues><MasterUserPassword>****<"), "{answer}");
    }

    fn await_password(&self, cluster: &str) {
        until("the password is in force", || !self.cluster(cluster).contains("PendingModifiedValues"));
        self.await_cluster(cluster);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.child.is_some() {
            // The quick way out; `destroy` finds what is left behind.
            self.kill();
        }
        let destroyed = Tool::new("rds-local").args(["destroy", "--dir"]).arg(self.dir()).run();
        if !std::thread::panicking() {
            destroyed.exits(0);
        }
    }
}

/// The text of the first element of a name.
fn tag(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ids(server: &Server) -> Vec<i64> {
    let mut session = server.connect().unwrap();
    session.rows("reading the marks", "SELECT id FROM app.marks ORDER BY id").unwrap()
}

fn is_denied(server: &Server) -> bool {
    matches!(server.connect(), Err(e @ Error::Connect { .. }) if e.number() == Some(number::ACCESS_DENIED))
}

#[test]
fn a_copy_holds_what_was_committed_before_and_answers_to_the_old_password_until_it_is_changed() {
    on_both(|engine| {
        let service = Service::start(engine, "0.1");
        let old = service.production_password();
        let production = service.login("prod-replica", &old);
        let mut session = production.connect().unwrap();
        // A writer goes on the whole time, and a transaction is open when the snapshot is taken.
        session.run("opening a transaction", "START TRANSACTION").unwrap();
        session.run("leaving it open", "INSERT INTO app.marks VALUES (1000000, 'open')").unwrap();
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut session = production.connect().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    session.run("writing", "INSERT INTO app.marks (note) VALUES ('later')").unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            until("rows are written", || count.load(Ordering::Relaxed) > 20);
            service.snapshot("Night-1");
            service.await_snapshot("night-1", "available");
            stop.store(true, Ordering::Relaxed);
            writer.join().unwrap();
            count.load(Ordering::Relaxed)
        });
        service.restore("copy-1", "night-1");
        service.await_cluster("copy-1");
        assert!(
            TcpStream::connect((
                "127.0.0.1",
                tag(&service.cluster("copy-1"), "Port").unwrap().parse().unwrap()
            ))
            .is_err()
        );
        service.add_instance("copy-1-0", "copy-1");
        service.await_instance("copy-1-0");

        let copied = ids(&service.login("copy-1", &old));
        let expected: Vec<i64> = ids(&production).into_iter().take(copied.len()).collect();
        assert_eq!(
            copied, expected,
            "a prefix of what production committed, and nothing of the open transaction"
        );
        assert!(copied.len() > 20 && copied.len() <= written + 3, "{} of {written}", copied.len());

        service.set_password("copy-1", "it's-n3w%");
        service.await_password("copy-1");
        assert_eq!(ids(&service.login("copy-1", "it's-n3w%")), copied);
        assert!(is_denied(&service.login("copy-1", &old)));
        assert!(!is_denied(&production), "production keeps its own");
        let meta = std::fs::read_to_string(service.dir().join("clusters/copy-1/meta.json")).unwrap();
        assert!(!meta.contains("n3w"), "no password where descriptions are kept");
    });
}

#[test]
fn after_kill_nine_everything_is_taken_up_and_no_server_is_in_the_way() {
    on_both(|engine| {
        let mut service =
            Service::start(engine, "0,snapshot=0.6,restore=0.6,instance=0.6,password=0.6,delete=0.6");
        let old = service.production_password();
        let mut again = |service: &mut Service| {
            std::thread::sleep(Duration::from_millis(150));
            service.kill();
            assert!(service.servers() > 0, "the servers are left behind");
            service.serve();
        };
        service.snapshot("night-1");
        again(&mut service);
        service.await_snapshot("night-1", "available");
        service.restore("copy-1", "night-1");
        again(&mut service);
        service.await_cluster("copy-1");
        service.add_instance("copy-1-0", "copy-1");
        again(&mut service);
        service.await_instance("copy-1-0");
        assert_eq!(ids(&service.login("copy-1", &old)), [1, 2, 3]);
        service.set_password("copy-1", "changed-once");
        again(&mut service);
        service.await_password("copy-1");
        assert_eq!(ids(&service.login("copy-1", "changed-once")), [1, 2, 3]);
        service
            .done("DeleteDBInstance", &[("DBInstanceIdentifier", "copy-1-0"), ("SkipFinalSnapshot", "true")]);
        service.done("DeleteDBCluster", &[("DBClusterIdentifier", "copy-1"), ("SkipFinalSnapshot", "true")]);
        again(&mut service);
        until("the copy is gone", || {
            service.call("DescribeDBClusters", &[("DBClusterIdentifier", "copy-1")]).is_err()
        });
        assert!(
            !service.dir().join("clusters/copy-1").exists() && service.instance_status("copy-1-0").is_none()
        );
        assert_eq!(ids(&service.login("prod-replica", &old)), [1, 2, 3]);
        assert_eq!((service.servers(), service.stop(), service.servers()), (1, Some(0), 0));
    });
}

#[test]
fn a_frozen_server_goes_on_and_a_dead_one_comes_back() {
    let service = Service::start(engines()[0], "0");
    let production = service.login("prod-replica", &service.production_password());
    for number in 0..5 {
        service.snapshot(&format!("n-{number}"));
    }
    for number in 0..5 {
        service.await_snapshot(&format!("n-{number}"), "available");
    }
    assert_eq!(ids(&production), [1, 2, 3]);
    let pid = std::fs::read_to_string(service.dir().join("clusters/prod-replica/pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until("the server is back", || production.connect().is_ok());
}

#[test]
fn calls_meet_the_faults_that_were_asked_for() {
    let service = Service::start(engines()[0], "0");
    let names = |id| [("DBClusterIdentifier", "prod-replica"), ("DBClusterSnapshotIdentifier", id)];
    service.fault(&["CreateDBClusterSnapshot: throttle 2", "CreateDBClusterSnapshot: unavailable"]);
    for (status, code) in [(400, "Throttling"), (400, "Throttling"), (503, "ServiceUnavailable")] {
        assert_eq!(service.refused("CreateDBClusterSnapshot", &names("a")), (status, code.to_owned()));
    }
    service.fault(&["CreateDBClusterSnapshot: drop", "CreateDBClusterSnapshot: lose"]);
    for _ in 0..2 {
        assert_eq!(service.refused("CreateDBClusterSnapshot", &names("a")).0, 0, "no answer at all");
    }
    assert_eq!(
        service.refused("CreateDBClusterSnapshot", &names("a")).1,
        "DBClusterSnapshotAlreadyExistsFault"
    );
    service.fault(&["CreateDBClusterSnapshot: error SnapshotQuotaExceeded"]);
    assert_eq!(
        service.refused("CreateDBClusterSnapshot", &names("b")),
        (400, "SnapshotQuotaExceeded".to_owned())
    );
    service.fault(&["*: throttle 300ms"]);
    assert_eq!(service.refused("DescribeDBInstances", &[]).1, "Throttling");
    std::thread::sleep(Duration::from_millis(320));
    service.done("DescribeDBInstances", &[]);

    let wrong =
        Tool::new("rds-local").args(["fault", "--endpoint", &service.url, "X: explode"]).run().exits(2);
    assert!(wrong.stderr.contains("explode"), "{}", wrong.stderr);
    let missing = ["fault", "--endpoint", &service.url, "cluster nobody: protect"];
    assert!(
        Tool::new("rds-local").args(missing).run().exits(69).stderr.contains("there is no cluster nobody")
    );
}

#[test]
fn resources_meet_the_faults_that_were_asked_for() {
    let service = Service::start(engines()[0], "0");
    let source = ("DBClusterIdentifier", "prod-replica");
    service.fault(&[
        "snapshot bad-*: fail",
        "snapshot stuck-*: stick",
        "cluster bad-*: fail incompatible-restore",
    ]);
    for id in ["bad-1", "stuck-1", "good-1"] {
        service.snapshot(id);
    }
    service.await_snapshot("bad-1", "failed");
    service.await_snapshot("good-1", "available");
    assert_eq!(service.snapshot_status("stuck-1"), "creating");
    let restore = [("DBClusterIdentifier", "x"), ("SnapshotIdentifier", "bad-1"), ("Engine", "aurora-mysql")];
    assert_eq!(
        service.refused("RestoreDBClusterFromSnapshot", &restore).1,
        "InvalidDBClusterSnapshotStateFault"
    );
    service.restore("bad-cluster", "good-1");
    until("the restore fails", || service.cluster("bad-cluster").contains("<Status>incompatible-restore<"));
    service.done("DeleteDBCluster", &[("DBClusterIdentifier", "bad-cluster"), ("SkipFinalSnapshot", "true")]);
    service.fault(&["clear"]);
    service.await_snapshot("stuck-1", "available");

    service.fault(&["cluster prod-replica: backing-up 400ms"]);
    let names = [source, ("DBClusterSnapshotIdentifier", "early")];
    assert_eq!(service.refused("CreateDBClusterSnapshot", &names).1, "InvalidDBClusterStateFault");
    service.await_cluster("prod-replica");
    service.fault(&["cluster prod-replica: automated 3h", "cluster prod-replica: snapshots 250"]);
    let automated = service.done("DescribeDBClusterSnapshots", &[source, ("SnapshotType", "automated")]);
    let id = tag(&automated, "DBClusterSnapshotIdentifier").unwrap();
    assert!(id.starts_with("rds:prod-replica-2"), "{id}");
    let by_id = ("DBClusterSnapshotIdentifier", id.as_str());
    assert_eq!(service.refused("DescribeDBClusterSnapshots", &[by_id]).0, 404);
    assert!(
        service.done("DescribeDBClusterSnapshots", &[by_id, ("SnapshotType", "automated")]).contains(&id)
    );
    until("it is available", || {
        !service
            .done("DescribeDBClusterSnapshots", &[by_id, ("SnapshotType", "automated")])
            .contains("creating")
    });
    service.restore("from-automated", &format!("arn:aws:rds:us-east-1:123456789012:cluster-snapshot:{id}"));
    service.await_cluster("from-automated");

    service.fault(&[
        "cluster from-automated: password never",
        "cluster from-automated: replica-of arn:aws:rds:x",
    ]);
    service.set_password("from-automated", "never-in-force");
    std::thread::sleep(Duration::from_millis(300));
    assert!(service.cluster("from-automated").contains("PendingModifiedValues"));
    assert!(service.cluster("from-automated").contains("<ReplicationSourceIdentifier>arn:aws:rds:x<"));
    let (_, code) = service.refused("DeleteDBCluster", &[source, ("SkipFinalSnapshot", "true")]);
    assert_eq!(code, "InvalidParameterCombination", "production is protected");
}

#[test]
fn a_clone_and_a_plain_instance_hold_real_data_too() {
    on_both(|engine| {
        let service = Service::start(engine, "0");
        let old = service.production_password();
        let names = [("DBClusterIdentifier", "twin"), ("SourceDBClusterIdentifier", "prod-replica")];
        let how = [("RestoreType", "copy-on-write"), ("UseLatestRestorableTime", "true")];
        service.done("RestoreDBClusterToPointInTime", &[names, how].concat());
        service.await_cluster("twin");
        let group = |id| tag(&service.cluster(id), "CloneGroupId").unwrap();
        assert_eq!(group("twin"), group("prod-replica"));
        service.add_instance("twin-0", "twin");
        service.await_instance("twin-0");
        assert_eq!(ids(&service.login("twin", &old)), [1, 2, 3]);

        let create =
            [("DBInstanceIdentifier", "solo"), ("DBInstanceClass", "db.t4g.medium"), ("Engine", engine)];
        let login = [("MasterUsername", "admin"), ("MasterUserPassword", "solo-secret")];
        service.done("CreateDBInstance", &[&create[..], &login[..]].concat());
        service.await_instance("solo");
        let at = |id: &str, password: &str| {
            let answer = service.done("DescribeDBInstances", &[("DBInstanceIdentifier", id)]);
            Server::at("127.0.0.1", tag(&answer, "Port").unwrap().parse().unwrap(), "admin", password)
        };
        let mut session = at("solo", "solo-secret").connect().unwrap();
        session.run("making a mark", "CREATE DATABASE solo_marks").unwrap();
        let snapshot = ("DBSnapshotIdentifier", "solo-1");
        service.done("CreateDBSnapshot", &[("DBInstanceIdentifier", "solo"), snapshot]);
        until("the snapshot is available", || {
            service.done("DescribeDBSnapshots", &[snapshot]).contains("<Status>available<")
        });
        service.done("RestoreDBInstanceFromDBSnapshot", &[("DBInstanceIdentifier", "duo"), snapshot]);
        service.await_instance("duo");
        service.done(
            "ModifyDBInstance",
            &[("DBInstanceIdentifier", "duo"), ("MasterUserPassword", "duo-secret")],
        );
        until("the new password is in force", || at("duo", "duo-secret").connect().is_ok());
        assert!(is_denied(&at("duo", "solo-secret")));
        at("duo", "duo-secret").connect_to(Some("solo_marks")).unwrap();
        assert!(!service.done("DescribeDBClusters", &[]).contains("solo"), "no cluster that callers see");
    });
}

#[test]
fn only_directories_of_its_own_are_touched_and_only_by_one_at_a_time() {
    let service = Service::start(engines()[0], "0");
    let tool = |verb: &str| Tool::new("rds-local").arg(verb).arg("--dir");
    assert!(tool("serve").arg(service.dir()).run().exits(75).stderr.contains("another rds-local"));
    tool("destroy").arg(service.dir()).run().exits(75);
    let foreign = tempfile::tempdir().unwrap();
    std::fs::write(foreign.path().join("thesis.txt"), "mine").unwrap();
    let seed = foreign.path().join("thesis.txt");
    for verb in ["serve", "destroy"] {
        assert!(
            tool(verb).arg(foreign.path()).run().exits(77).stderr.contains("not a directory of rds-local")
        );
    }
    tool("init").arg(foreign.path()).arg("--from").arg(&seed).run().exits(77);
    assert!(seed.exists());
    let listed = Tool::new("rds-local").args(["list", "--dir"]).arg(service.dir()).run().exits(0).stdout;
    assert_eq!(listed, "cluster\tprod-replica\tavailable\ninstance\tprod-replica-0\tavailable\n");
    tool("list").arg(foreign.path()).run().exits(69);
}

#[test]
fn a_seed_that_fails_names_file_line_and_cause_and_leaves_no_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let (seed, dir) = (folder.path().join("bad.sql"), folder.path().join("cloud"));
    std::fs::write(&seed, "CREATE TABLE t (a INT);\n\nINSERT INTO nowhere VALUES (1);\n").unwrap();
    let init = || {
        Tool::new("rds-local")
            .args(["init", "--engine", engines()[0], "--dir"])
            .arg(&dir)
            .arg("--from")
            .arg(&seed)
    };
    let failed = init().run().exits(65);
    assert!(
        failed.stderr.contains("bad.sql, line 3") && failed.stderr.contains("nowhere"),
        "{}",
        failed.stderr
    );
    std::fs::write(&seed, "CREATE TABLE t (a INT);").unwrap();
    init().run().exits(0);
    assert!(init().run().exits(77).stderr.contains("already holds a cluster prod-replica"));
    Tool::new("rds-local").args(["destroy", "--dir"]).arg(&dir).run().exits(0);
    assert!(!dir.exists());
}

#[test]
fn boto3_is_satisfied() {
    let Some(python) = std::env::var_os("REFRESHKIT_TEST_PYTHON") else {
        eprintln!(
            "SKIPPED: $REFRESHKIT_TEST_PYTHON is not set; it should name a python3 with boto3 (scripts/test makes one)"
        );
        return;
    };
    let service = Service::start(engines()[0], "0.05");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boto3/rds_local.py");
    let output = Command::new(python).arg(script).arg(&service.url).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(feature = "aws")]
mod sdk {
    //! The same endpoint through the AWS SDK for Rust.

    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_rds::Client;
    use aws_sdk_rds::config::Credentials;
    use aws_sdk_rds::config::retry::RetryConfig;
    use aws_sdk_rds::error::ProvideErrorMetadata;
    use aws_sdk_rds::types::{Filter, Tag};

    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn client(service: &Service, attempts: u32) -> Client {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = aws_sdk_rds::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials)
            .endpoint_url(&service.url)
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Client::from_conf(config.build())
    }

    fn code<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> String {
        outcome.err().and_then(|e| e.code().map(str::to_owned)).unwrap_or_default()
    }

    #[test]
    fn the_sdk_reads_every_description() {
        let service = Service::start(engines()[0], "0");
        let rds = client(&service, 1);
        run(async {
            let tags = Tag::builder().key("refreshkit:run").value("r 1").build();
            let snapshot = rds.create_db_cluster_snapshot().db_cluster_identifier("prod-replica");
            let made =
                snapshot.db_cluster_snapshot_identifier("night-1").tags(tags.clone()).send().await.unwrap();
            let made = made.db_cluster_snapshot.unwrap();
            assert_eq!(made.tag_list(), [tags.clone()]);
            assert!(made.snapshot_create_time.is_some() && made.db_cluster_resource_id.is_some());
            service.await_snapshot("night-1", "available");
            let filter = Filter::builder().name("db-cluster-id").values("prod-replica").build();
            let clusters = rds.describe_db_clusters().filters(filter).send().await.unwrap();
            let production = &clusters.db_clusters()[0];
            assert_eq!(production.engine(), Some("aurora-mysql"));
            assert_eq!(production.db_cluster_members()[0].is_cluster_writer(), Some(true));
            let copy = rds
                .restore_db_cluster_from_snapshot()
                .db_cluster_identifier("copy-1")
                .snapshot_identifier(made.db_cluster_snapshot_arn().unwrap())
                .engine("aurora-mysql")
                .vpc_security_group_ids("sg-1")
                .tags(tags.clone());
            let copy = copy.send().await.unwrap().db_cluster.unwrap();
            assert_eq!(copy.status(), Some("creating"));
            service.await_cluster("copy-1");
            let instance =
                rds.create_db_instance().db_instance_identifier("copy-1-0").db_instance_class("db.r7g.large");
            let instance =
                instance.db_cluster_identifier("copy-1").engine("aurora-mysql").send().await.unwrap();
            assert_eq!(instance.db_instance.unwrap().db_cluster_identifier(), Some("copy-1"));
            service.await_instance("copy-1-0");
            let arn = copy.db_cluster_arn().unwrap();
            rds.add_tags_to_resource()
                .resource_name(arn)
                .tags(Tag::builder().key("b").value("c").build())
                .send()
                .await
                .unwrap();
            rds.remove_tags_from_resource()
                .resource_name(arn)
                .tag_keys("refreshkit:run")
                .send()
                .await
                .unwrap();
            let left = rds.list_tags_for_resource().resource_name(arn).send().await.unwrap();
            assert_eq!(left.tag_list().iter().map(|tag| tag.key().unwrap()).collect::<Vec<_>>(), ["b"]);
            let events =
                rds.describe_events().source_identifier("night-1").source_type("db-cluster-snapshot".into());
            assert!(events.send().await.unwrap().events().len() >= 2);
        });
    }

    #[test]
    fn the_sdk_gets_the_codes_of_the_wire() {
        let service = Service::start(engines()[0], "0");
        let rds = client(&service, 1);
        run(async {
            let snapshot = |id: &str, source: &str| {
                rds.create_db_cluster_snapshot()
                    .db_cluster_identifier(source)
                    .db_cluster_snapshot_identifier(id)
                    .send()
            };
            snapshot("one", "prod-replica").await.unwrap();
            let duplicate = snapshot("One", "prod-replica").await.unwrap_err().into_service_error();
            assert!(duplicate.is_db_cluster_snapshot_already_exists_fault());
            assert_eq!(code(snapshot("two", "nobody").await), "DBClusterNotFoundFault");
            assert_eq!(code(snapshot("a--b", "prod-replica").await), "InvalidParameterValue");
            let missing =
                rds.describe_db_cluster_snapshots().db_cluster_snapshot_identifier("nothing").send().await;
            assert!(missing.unwrap_err().into_service_error().is_db_cluster_snapshot_not_found_fault());
            assert_eq!(
                code(rds.describe_db_instances().db_instance_identifier("x").send().await),
                "DBInstanceNotFound"
            );
            let delete = rds.delete_db_cluster().db_cluster_identifier("prod-replica");
            let refused = delete.skip_final_snapshot(true).send().await.unwrap_err();
            assert!(refused.message().unwrap().contains("disable deletion pro"));
            let modify =
                rds.modify_db_cluster().db_cluster_identifier("prod-replica").deletion_protection(false);
            modify.send().await.unwrap();
            let delete = || rds.delete_db_cluster().db_cluster_identifier("prod-replica");
            assert_eq!(code(delete().send().await), "InvalidParameterCombination");
            let members = delete().skip_final_snapshot(true).send().await;
            assert!(members.unwrap_err().into_service_error().is_invalid_db_cluster_state_fault());
            assert_eq!(
                code(rds.reboot_db_cluster().db_cluster_identifier("x").send().await),
                "InvalidAction"
            );
        });
    }

    #[test]
    fn the_sdk_pages_through_250_snapshots_and_rides_out_throttling() {
        let service = Service::start(engines()[0], "0");
        service.fault(&["cluster prod-replica: snapshots 250", "DescribeDBClusterSnapshots: throttle 2"]);
        let rds = client(&service, 4);
        run(async {
            let mut pages = rds.describe_db_cluster_snapshots().into_paginator().page_size(100).send();
            let mut ids = std::collections::BTreeSet::new();
            while let Some(page) = pages.next().await {
                ids.extend(
                    page.unwrap()
                        .db_cluster_snapshots()
                        .iter()
                        .map(|s| s.db_cluster_snapshot_identifier.clone()),
                );
            }
            assert_eq!(ids.len(), 250);
        });
    }
}
