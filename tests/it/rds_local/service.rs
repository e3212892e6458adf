//! A running `rds-local serve` with a seeded cluster, and calls to it without an SDK.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use refreshkit::mysql::{OptionFile, Server};

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
const PATIENCE: Duration = Duration::from_mins(3);

/// Both engines, unless the caller wants only one.
pub(super) fn engines() -> Vec<&'static str> {
    let only = std::env::var_os("REFRESHKIT_TEST_ONLY");
    ["mariadb", "mysql"].into_iter().filter(|name| only.as_ref().is_none_or(|only| only == name)).collect()
}

pub(super) fn on_both(test: impl Fn(&'static str) + Sync) {
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
pub(super) fn seeded(engine: &str) -> tempfile::TempDir {
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
pub(super) struct Service {
    folder: tempfile::TempDir,
    delays: &'static str,
    child: Option<Child>,
    said: Option<JoinHandle<String>>,
    pub(super) url: String,
}

impl Service {
    pub(super) fn start(engine: &str, delays: &'static str) -> Self {
        let mut service =
            Self { folder: seeded(engine), delays, child: None, said: None, url: String::new() };
        service.serve();
        service
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.folder.path().join("cloud")
    }

    pub(super) fn serve(&mut self) {
        let tool = Tool::new("rds-local").args(["serve", "--delays", self.delays, "--dir"]).arg(self.dir());
        let mut child = tool.spawn();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        assert!(!line.is_empty(), "rds-local does not serve: {}", said.join().unwrap());
        line.trim().clone_into(&mut self.url);
        self.said = Some(said);
        self.child = Some(child);
    }

    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, as a person or a build server stops it.
    pub(super) fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap().code()
    }

    /// Server processes on this directory.
    pub(super) fn servers(&self) -> usize {
        let wanted = format!("--datadir={}/", self.dir().canonicalize().unwrap().display());
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).contains(&wanted)).count()
    }

    pub(super) fn fault(&self, lines: &[&str]) {
        Tool::new("rds-local").args(["fault", "--endpoint", &self.url]).args(lines.to_vec()).run().exits(0);
    }

    /// One call, without an SDK: the answer's XML, or the error's code and status.
    pub(super) fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, (u16, String)> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", "2014-10-31").extend_pairs(parameters);
        let body = form.finish();
        let (host, entrance) = self.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /{entrance}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status: u16 = answer.split_whitespace().nth(1).map_or(0, |status| status.parse().unwrap());
        if status == 200 { Ok(answer) } else { Err((status, tag(&answer, "Code").unwrap_or_default())) }
    }

    pub(super) fn done(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.call(action, parameters).unwrap_or_else(|e| panic!("{action}: {e:?}"))
    }

    pub(super) fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        self.call(action, parameters).expect_err(action)
    }

    pub(super) fn cluster(&self, id: &str) -> String {
        self.done("DescribeDBClusters", &[("DBClusterIdentifier", id)])
    }

    pub(super) fn snapshot_status(&self, id: &str) -> String {
        let answer = self.done("DescribeDBClusterSnapshots", &[("DBClusterSnapshotIdentifier", id)]);
        tag(&answer, "Status").unwrap()
    }

    pub(super) fn instance_status(&self, id: &str) -> Option<String> {
        let answer = self.call("DescribeDBInstances", &[("DBInstanceIdentifier", id)]);
        answer.ok().map(|answer| tag(&answer, "DBInstanceStatus").unwrap())
    }

    pub(super) fn await_cluster(&self, id: &str) {
        until(&format!("cluster {id} is available"), || {
            tag(&self.cluster(id), "Status").unwrap() == "available"
        });
    }

    /// Waits until the seeded cluster shows a state.
    pub(super) fn await_status(&self, wanted: &str) {
        until(&format!("production is {wanted}"), || {
            let status = tag(&self.cluster("prod-replica"), "Status").unwrap();
            assert!(wanted == "failed" || status != "failed", "production has failed");
            status == wanted
        });
    }

    pub(super) fn await_snapshot(&self, id: &str, status: &str) {
        until(&format!("snapshot {id} is {status}"), || self.snapshot_status(id) == status);
    }

    pub(super) fn await_instance(&self, id: &str) {
        until(&format!("instance {id} is available"), || self.instance_status(id).unwrap() == "available");
    }

    /// A way into a cluster.
    pub(super) fn login(&self, id: &str, password: &str) -> Server {
        let port = tag(&self.cluster(id), "Port").unwrap().parse().unwrap();
        self.at(port, password)
    }

    /// The master user at a port: every server of a cloud has the same public key.
    pub(super) fn at(&self, port: u16, password: &str) -> Server {
        let server = Server::at("127.0.0.1", port, "admin", password);
        server.with_public_key(&self.dir().join("server_public_key.pem"))
    }

    pub(super) fn production_password(&self) -> String {
        let file = self.dir().join("clusters/prod-replica/master.cnf");
        OptionFile::read(&file).unwrap().password.unwrap()
    }

    pub(super) fn snapshot(&self, id: &str) {
        let source = ("DBClusterIdentifier", "prod-replica");
        self.done("CreateDBClusterSnapshot", &[source, ("DBClusterSnapshotIdentifier", id)]);
    }

    pub(super) fn restore(&self, id: &str, snapshot: &str) {
        let engine = ("Engine", "aurora-mysql");
        let names = [("DBClusterIdentifier", id), ("SnapshotIdentifier", snapshot), engine];
        self.done("RestoreDBClusterFromSnapshot", &names);
    }

    pub(super) fn add_instance(&self, id: &str, cluster: &str) {
        let more = [("DBInstanceClass", "db.r7g.large"), ("Engine", "aurora-mysql")];
        let names = [("DBInstanceIdentifier", id), ("DBClusterIdentifier", cluster)];
        self.done("CreateDBInstance", &[names, more].concat());
    }

    pub(super) fn set_password(&self, cluster: &str, password: &str) {
        let names = [("DBClusterIdentifier", cluster), ("MasterUserPassword", password)];
        let answer = self.done("ModifyDBCluster", &names);
        assert!(answer.contains("<PendingModifiedValues><MasterUserPassword>****<"), "{answer}");
    }

    pub(super) fn await_password(&self, cluster: &str) {
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
        if std::thread::panicking()
            && let Some(said) = self.said.take()
        {
            eprintln!("rds-local said: {}", said.join().unwrap_or_default());
        }
        let destroyed = Tool::new("rds-local").args(["destroy", "--dir"]).arg(self.dir()).run();
        if !std::thread::panicking() {
            destroyed.exits(0);
        }
    }
}

/// The text of the first element of a name.
pub(super) fn tag(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
