//! Plain RDS MySQL: an instance of its own instead of a cluster, through all four tools.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use refreshkit::document::{AnyKind, Document, Login, ResourceKind, ThrowAwayCopy};
use refreshkit::mysql::Server;

use crate::rds_cloud::{PLAIN, Stage, stage};
use crate::rds_drop::until_there;

const PASSWORD: &str = "plain-production-password";

/// Makes an instance without a cluster, with a table in it.
fn plain_source(stage: &Stage) {
    let engine = stage.brand();
    stage.call(&[
        ("Action", "CreateDBInstance"),
        ("DBInstanceIdentifier", PLAIN),
        ("DBInstanceClass", "db.t4g.medium"),
        ("Engine", &engine),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "admin"),
        ("MasterUserPassword", PASSWORD),
    ]);
    let begun = Instant::now();
    while !stage.state_of(PLAIN).contains("<DBInstanceStatus>available<") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", stage.state_of(PLAIN));
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut session = source(stage).connect().unwrap();
    session.run("preparing", "CREATE DATABASE app").unwrap();
    session.run("preparing", "CREATE TABLE app.notes (id INT PRIMARY KEY, body VARCHAR(100))").unwrap();
    session.run("preparing", "INSERT INTO app.notes VALUES (1, 'one'), (2, 'two')").unwrap();
}

fn source(stage: &Stage) -> Server {
    let (host, port) = stage.address_of(PLAIN);
    Server::at(&host, port, "admin", PASSWORD).with_public_key(&stage.public_key())
}

/// The source goes with the test that made it.
struct Removed<'a>(&'a Stage);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        self.0.delete_plain();
    }
}

/// The same through a copy: what a document says, whether it answers, and that production's password does not work.
fn check_copy(document: &Document, rows: u64, key: &Path) {
    let cluster = document.cluster.as_ref().unwrap();
    assert_eq!(cluster.instances, std::slice::from_ref(&cluster.id));
    assert!(cluster.throw_away && !cluster.host.is_empty() && cluster.port != 0);
    let Some(Login::OptionFile { path, .. }) = &cluster.login else { panic!("{cluster:?}") };
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = Server::of_copy(&ThrowAwayCopy::described(ResourceKind::Instance, cluster)).unwrap();
    let count: Option<u64> =
        copy.connect().unwrap().first("counting", "SELECT COUNT(*) FROM app.notes").unwrap();
    assert_eq!(count, Some(rows));
    let production = Server::at(&cluster.host, cluster.port, "admin", PASSWORD);
    assert_eq!(production.with_public_key(key).connect().unwrap_err().number(), Some(1045));
}

#[test]
fn a_plain_instance_goes_through_all_four_tools_and_stays_as_it_was() {
    let stage = stage(None);
    let _removed = Removed(&stage);
    plain_source(&stage);

    let snapped = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain"]).run().exits(0);
    let document = snapped.document();
    assert_eq!(document.source.as_ref().unwrap().instance.as_deref(), Some(PLAIN));
    assert_eq!(document.source.as_ref().unwrap().cluster, None);
    assert_eq!(document.resources[0].kind, ResourceKind::InstanceSnapshot);
    // Started again, it finds its own snapshot.
    let again = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain"]).run().exits(0);
    assert_eq!(again.document().snapshot.unwrap().id, document.snapshot.as_ref().unwrap().id);
    assert_eq!(stage.left().len(), 1);

    let waited = stage.tool("rds-wait").stdin(again.stdout).run().exits(0);
    assert_eq!(waited.document().snapshot.unwrap().status, "available");
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    let kinds: Vec<_> = restored.resources.iter().map(|owed| owed.kind.clone()).collect();
    assert_eq!(kinds, [ResourceKind::InstanceSnapshot, ResourceKind::Instance].map(AnyKind::from));
    check_copy(&restored, 2, &stage.public_key());
    assert!(!stage.state_of("kit-plain").contains("<PubliclyAccessible>true<"));
    // The first backup would only make it busy.
    assert!(stage.state_of("kit-plain").contains("<BackupRetentionPeriod>0<"));

    let alone = stage.tool("rds-wait").args(["--instance", "kit-plain"]).run().exits(0).document();
    assert_eq!(alone.cluster.unwrap().host, restored.cluster.as_ref().unwrap().host);
    stage.dropped(&restored);
    let rows: Option<u64> =
        source(&stage).connect().unwrap().first("counting", "SELECT COUNT(*) FROM app.notes").unwrap();
    assert_eq!(rows, Some(2));

    another_key_of_a_plain_instance(&stage);
    fallbacks_of_a_plain_instance(&stage);
    accidents_of_a_plain_instance(&stage);
}

/// An instance is restored under the key of its snapshot: that is copied to the other key first, and goes with the rest.
fn another_key_of_a_plain_instance(stage: &Stage) {
    let config = stage.home.path().join("refresh.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, before.replace("[restore]\n", "[restore]\nkms_key = \"alias/dev\"\n")).unwrap();
    stage.fault(&["CopyDBSnapshot: lose 1"]);
    let snapped = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain-k"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    let ids: Vec<_> = restored.resources.iter().map(|owed| owed.id.as_str()).collect();
    assert_eq!(ids, ["kit-plain-k", "kit-plain-k-key", "kit-plain-k"]);
    let copied =
        stage.call(&[("Action", "DescribeDBSnapshots"), ("DBSnapshotIdentifier", "kit-plain-k-key")]);
    assert!(copied.contains("<KmsKeyId>alias/dev<") && copied.contains("<Encrypted>true<"), "{copied}");
    check_copy(&restored, 2, &stage.public_key());
    stage.dropped(&restored);
    std::fs::write(&config, before).unwrap();
    stage.fault(&["clear"]);
}

/// The automated snapshot of an instance, and its latest restorable time.
fn fallbacks_of_a_plain_instance(stage: &Stage) {
    stage.fault(&["snapshot kit-plain-auto: fail", &format!("instance {PLAIN}: automated 2h")]);
    let snapped = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain-auto"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let snapshot = waited.document().snapshot.unwrap();
    assert!(snapshot.fallback && snapshot.id.starts_with(&format!("rds:{PLAIN}-")), "{snapshot:?}");
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    check_copy(&restored, 2, &stage.public_key());
    stage.dropped(&restored);

    stage.fault(&["clear", "CreateDBSnapshot: error SnapshotQuotaExceeded 400 1"]);
    let snapped = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain-now"]).run().exits(0);
    let waited = stage.tool("rds-wait").args(["--fallback", "pitr"]).stdin(snapped.stdout).run().exits(0);
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    check_copy(&restored, 2, &stage.public_key());
    stage.dropped(&restored);
}

/// Lost answers, and a crash after which only the tags are left.
fn accidents_of_a_plain_instance(stage: &Stage) {
    stage.fault(&[
        "clear",
        "CreateDBSnapshot: lose 1",
        "RestoreDBInstanceFromDBSnapshot: lose 1",
        "ModifyDBInstance: lose 1",
    ]);
    let snapped = stage.tool("rds-snap").args(["--instance", PLAIN, "--run", "plain-lost"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    check_copy(&restored, 2, &stage.public_key());
    stage.call(&[("Action", "StopDBInstance"), ("DBInstanceIdentifier", "kit-plain-lost")]);
    until_there(stage, "instance kit-plain-lost stopped");
    stage.call(&[("Action", "StartDBInstance"), ("DBInstanceIdentifier", "kit-plain-lost")]);
    until_there(stage, "instance kit-plain-lost available");
    check_copy(&restored, 2, &stage.public_key());
    let mut left = stage.left();
    left.sort();
    assert_eq!(left, ["instance kit-plain-lost available", "snapshot kit-plain-lost available"]);
    std::fs::remove_dir_all(stage.state_dir()).unwrap();
    // With the state directory the owner is lost, and the source is not the configured one: a person says that it is theirs.
    stage.tool("rds-drop").args(["--run", "plain-lost", "--any-owner"]).run().exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());

    let evil = serde_json::json!({
        "schema": "refreshkit/1", "run": "evil", "ok": true, "resources": [{"kind": "instance", "id": PLAIN}]
    });
    let refused = stage.tool("rds-drop").stdin(evil.to_string()).run().exits(77);
    assert!(refused.stderr.contains(PLAIN), "{}", refused.stderr);
    assert!(source(stage).connect().is_ok());
}
