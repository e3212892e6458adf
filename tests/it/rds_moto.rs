//! A second opinion: the same tools against moto, which other people wrote, and a third: what the published model says of each
//! request on its way there. It has no MySQL behind its endpoints, so
//! `rds-restore` gets as far as the login.
//!
//! `REFRESHKIT_TEST_PYTHON` names a Python with `moto[server,rds]`; without it this says so and does nothing.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::rds_cloud::with_aws;
use crate::support::{Loopback, PATIENCE, Tool, hand_on};

pub(crate) struct Moto {
    child: Child,
    pub(crate) url: String,
    /// Hands everything on to it that the service's published model has nothing against.
    front: Loopback,
    python: PathBuf,
    home: tempfile::TempDir,
}

impl Moto {
    pub(crate) fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("REFRESHKIT_TEST_PYTHON").map(PathBuf::from) else {
            eprintln!(
                "SKIPPED: $REFRESHKIT_TEST_PYTHON names no Python with moto[server,rds] (scripts/test makes one)"
            );
            return None;
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let child = Command::new(&python)
            .args(["-m", "moto.server", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "moto does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let home = tempfile::tempdir().unwrap();
        let config = "[source]\ncluster = \"prod\"\n[snapshot]\nprefix = \"kit\"\n[restore]\nsubnet_group = \"dev\"\n\
                      security_groups = [\"sg-0a1b2c3d4e5f60718\"]\nparameter_group = \"dev-aurora\"\n";
        std::fs::write(home.path().join("refresh.toml"), config).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let behind = url.clone();
        let front = Loopback::start(move |request| hand_on(&behind, request));
        Some(Self { child, url, front, python, home })
    }

    /// Runs Python with a boto3 client `c`; gives what it prints.
    pub(crate) fn python(&self, script: &str) -> String {
        let whole = format!(
            "import boto3\nc = boto3.client('rds', region_name='eu-west-1', endpoint_url='{}', \
             aws_access_key_id='x', aws_secret_access_key='y')\n{script}",
            self.url
        );
        let output = Command::new(&self.python).args(["-c", &whole]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Another configuration.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::write(self.home.path().join("refresh.toml"), text).unwrap();
    }

    pub(crate) fn tool(&self, name: &str) -> Tool {
        with_aws(Tool::new(name), &self.front.url)
            .env("REFRESH_CONFIG", self.home.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.home.path().join("state"))
            .env("REFRESHKIT_PACE", "0.002")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SOURCE: &str = "\
c.create_db_cluster(DBClusterIdentifier='prod', Engine='aurora-mysql', EngineVersion='8.0.mysql_aurora.3.04.0',
                    MasterUsername='admin', MasterUserPassword='secret-secret')
c.create_db_instance(DBInstanceIdentifier='prod-1', DBClusterIdentifier='prod', Engine='aurora-mysql',
                     DBInstanceClass='db.r6g.large')
";

const LEFT: &str = "\
print(sorted([x['DBClusterIdentifier'] for x in c.describe_db_clusters()['DBClusters']]
             + [x['DBInstanceIdentifier'] for x in c.describe_db_instances()['DBInstances']]
             + [x['DBClusterSnapshotIdentifier'] for x in
                c.describe_db_cluster_snapshots(SnapshotType='manual')['DBClusterSnapshots']]))
";

#[test]
fn moto_agrees_about_secrets_and_up_to_the_point_where_mysql_is_needed() {
    let Some(moto) = Moto::start() else { return };
    moto.python(SOURCE);
    // It has neither the groups nor a machine of that class, and says so.
    let refused = moto.tool("rds-snap").args(["--run", "m"]).run().exits(78);
    for said in ["no subnet group dev", "no parameter group dev-aurora", "none of [restore] instance_class"] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    let snapped = moto.tool("rds-snap").args(["--no-check", "--run", "m"]).run().exits(0);
    // It knows its own snapshot again.
    moto.tool("rds-snap").args(["--no-check", "--run", "m"]).run().exits(0);
    let waited = moto.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let restored = moto.tool("rds-restore").stdin(waited.stdout).run().exits(69).document();
    assert_eq!(restored.error.as_ref().unwrap().code, "no-login");
    let copy = moto.python(
        "x = c.describe_db_clusters(DBClusterIdentifier='kit-m')['DBClusters'][0]\n\
         i = c.describe_db_instances(DBInstanceIdentifier='kit-m-0')['DBInstances'][0]\n\
         print(x['EngineVersion'], x['DeletionProtection'], x['BackupRetentionPeriod'], i['PubliclyAccessible'],\n\
               sorted(t['Key'] for t in x['TagList']) == sorted(t['Key'] for t in i['TagList']), x['TagList'][0]['Value'])",
    );
    assert_eq!(copy, "8.0.mysql_aurora.3.04.0 False 1 False True m");
    let dropped = moto.tool("rds-drop").document(&restored).run().exits(69).document();
    assert_eq!(dropped.resources, vec![]);
    assert_eq!(moto.python(LEFT), "['prod', 'prod-1']");

    // The service keeps the password: the secret is there and is read, and only MySQL is missing.
    let snapped = moto.tool("rds-snap").args(["--no-check", "--run", "kept"]).run().exits(0);
    let waited = moto.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let kept = moto.tool("rds-restore").args(["--password", "secrets-manager"]).stdin(waited.stdout).run();
    let kept = kept.exits(69);
    assert_eq!(kept.document().error.unwrap().code, "no-login", "{}", kept.stderr);
    assert_eq!(
        moto.python("print(c.describe_db_clusters(DBClusterIdentifier='kit-kept')['DBClusters'][0]['MasterUserSecret']['SecretStatus'])"),
        "active"
    );
    moto.tool("rds-drop").document(&kept.document()).run().exits(69);
    assert_eq!(moto.python(LEFT), "['prod', 'prod-1']");

    // By tags alone, past the first page of a hundred.
    moto.tool("rds-snap").args(["--no-check", "--run", "zz"]).env("REFRESH_OWNER", "team").run().exits(0);
    moto.python("for n in range(120): c.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=f'hand-{n:03}', DBClusterIdentifier='prod')");
    std::fs::remove_dir_all(moto.home.path().join("state")).unwrap();
    moto.tool("rds-drop").args(["--run", "zz"]).env("REFRESH_OWNER", "team").run().exits(0);
    assert!(!moto.python(LEFT).contains("kit-"));

    // Another engine is told before anything is made.
    moto.python(
        "c.create_db_cluster(DBClusterIdentifier='pg', Engine='aurora-postgresql', MasterUsername='admin',\n\
                             MasterUserPassword='secret-secret')",
    );
    let refused =
        moto.tool("rds-snap").args(["--no-check", "--cluster", "pg", "--run", "pg"]).run().exits(78);
    assert!(refused.stderr.contains("cluster pg is aurora-postgresql, not MySQL"), "{}", refused.stderr);

    // A snapshot of this name that somebody else made is neither adopted nor deleted.
    moto.python(
        "c.create_db_cluster_snapshot(DBClusterSnapshotIdentifier='kit-theirs', DBClusterIdentifier='prod')",
    );
    moto.tool("rds-snap").args(["--no-check", "--run", "theirs"]).run().exits(77);
    moto.tool("rds-drop").args(["--run", "theirs"]).run().exits(0);
    assert!(moto.python(LEFT).contains("kit-theirs"));
    crate::rds_login::moto_agrees_about_secrets(&moto);
}
