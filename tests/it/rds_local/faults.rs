//! Faults: what calls and resources meet when they were asked for.

use std::time::Duration;

use super::service::{Service, engines, tag, until};
use crate::support::Tool;

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
    service.fault(&["*: throttle 10m"]);
    assert_eq!(service.refused("DescribeDBInstances", &[]).1, "Throttling");
    service.fault(&["clear"]);
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

    service.fault(&["cluster prod-replica: backing-up 10m"]);
    let names = [source, ("DBClusterSnapshotIdentifier", "early")];
    assert_eq!(service.refused("CreateDBClusterSnapshot", &names).1, "InvalidDBClusterStateFault");
    service.fault(&["cluster prod-replica: state -"]);
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
