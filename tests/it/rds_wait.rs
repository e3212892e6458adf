//! `rds-snap` and `rds-wait` when things go wrong: busy and throttled, and every state there is.

use std::time::{Duration, Instant};

use refreshkit::document::Document;

use crate::rds_cloud::{SOURCE, Stage, stage};

/// `rds-snap`, expected to work.
pub(crate) fn snapped(stage: &Stage, run: &str) -> Document {
    stage.tool("rds-snap").args(["--run", run]).run().exits(0).document()
}

#[test]
fn a_source_that_is_busy_with_a_backup_is_waited_for() {
    let stage = stage(None);
    let begun = Instant::now();
    stage.fault(&["cluster prod-replica: backing-up 2s"]);
    let document = snapped(&stage, "busy");
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    stage.dropped(&document);
}

#[test]
fn a_member_of_a_cluster_is_not_taken_for_a_source_of_its_own() {
    let stage = stage(None);
    let instance = format!("{SOURCE}-0");
    let refused = stage.tool("rds-snap").args(["--instance", &instance, "--run", "member"]).run().exits(78);
    let said = format!("instance {instance} belongs to cluster {SOURCE}");
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("hint: give --cluster {SOURCE}")), "{}", refused.stderr);
    assert_eq!(refused.document().resources, vec![]);
}

#[test]
fn the_same_run_finds_its_own_snapshot_again() {
    let stage = stage(None);
    let first = snapped(&stage, "again");
    let second = snapped(&stage, "again");
    assert_eq!(first.snapshot.unwrap().id, second.snapshot.as_ref().unwrap().id);
    assert_eq!(stage.left().len(), 1);
    stage.dropped(&second);
}

#[test]
fn a_snapshot_of_the_same_name_that_another_run_made_is_not_adopted() {
    let stage = stage(None);
    let document = snapped(&stage, "theirs");
    let arn = document.snapshot.as_ref().unwrap().arn.clone().unwrap();
    stage.tag(&arn, "refreshkit:run", "somebody-else");
    let refused = stage.tool("rds-snap").args(["--run", "theirs"]).run().exits(77);
    assert!(refused.stderr.contains("its tag refreshkit:run says \"somebody-else\""), "{}", refused.stderr);
    assert_eq!(refused.document().resources, vec![]);
    stage.tag(&arn, "refreshkit:run", "theirs");
    stage.dropped(&document);
}

#[test]
fn throttling_and_503_do_not_stop_anything() {
    let stage = stage(None);
    let begun = Instant::now();
    stage.fault(&["*: throttle 3s"]);
    let snapped = stage.tool("rds-snap").args(["--run", "slow"]).run().exits(0);
    assert!(begun.elapsed() >= Duration::from_secs(3));
    assert!(snapped.stderr.contains("Throttling"), "{}", snapped.stderr);
    // Credentials that expire in the middle are fetched anew by the next call.
    stage.fault(&["*: unavailable 1s", "DescribeDBClusterSnapshots: error ExpiredToken 403 2"]);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    stage.fault(&["*: throttle 1s"]);
    let dropped = stage.tool("rds-drop").stdin(waited.stdout).run().exits(0);
    assert_eq!(dropped.document().resources, vec![]);
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn a_create_whose_answer_is_lost_is_adopted_and_not_doubled() {
    let stage = stage(None);
    stage.fault(&[
        "CreateDBClusterSnapshot: lose 1",
        "RestoreDBClusterFromSnapshot: lose 1",
        "CreateDBInstance: lose 1",
        "ModifyDBCluster: lose 1",
    ]);
    let document = stage.restored("lost");
    let mut left = stage.left();
    left.sort();
    assert_eq!(
        left,
        ["cluster kit-lost available", "instance kit-lost-0 available", "snapshot kit-lost available"]
    );
    stage.dropped(&document);
}

#[test]
fn a_status_that_nobody_knows_is_waited_for_with_a_warning() {
    let stage = stage(None);
    let document = snapped(&stage, "odd");
    stage.fault(&["snapshot kit-odd: state polishing 2s"]);
    let waited = stage.tool("rds-wait").document(&document).run().exits(0);
    assert!(waited.stderr.contains("\"polishing\", a status that is not known here"), "{}", waited.stderr);
    stage.dropped(&waited.document());
}

/// Every status that the service's documents, models and users name: what waiting for it must come to.
const STATUSES: &[(&str, Outcome, &str)] = &[
    ("snapshot", Outcome::Ready, "available"),
    ("snapshot", Outcome::Waits, "creating copying"),
    ("snapshot", Outcome::Fails, "failed deleting deleted incompatible-restore incompatible-parameters"),
    ("cluster", Outcome::Ready, "available"),
    (
        "cluster",
        Outcome::Waits,
        "creating migrating preparing-data-migration backing-up modifying resetting-master-credentials renaming \
         rebooting upgrading maintenance promoting failing-over backtracking starting stopping update-iam-db-auth \
         configuring-iam-database-auth configuring-enhanced-monitoring configuring-log-exports \
         storage-optimization scaling-compute scaling-storage",
    ),
    (
        "cluster",
        Outcome::Fails,
        "cloning-failed migration-failed inaccessible-encryption-credentials failed incompatible-restore \
         incompatible-parameters deleting deleted stopped inaccessible-encryption-credentials-recoverable",
    ),
    (
        "instance",
        Outcome::Ready,
        "available storage-optimization storage-config-upgrade storage-initialization",
    ),
    (
        "instance",
        Outcome::Waits,
        "creating backing-up modifying rebooting renaming starting stopping upgrading maintenance backtracking \
         resetting-master-credentials configuring-enhanced-monitoring configuring-iam-database-auth \
         configuring-log-exports configuring-performance-insights converting-to-vpc moving-to-vpc delete-precheck",
    ),
    (
        "instance",
        Outcome::Fails,
        "failed restore-error incompatible-restore incompatible-network incompatible-parameters \
         incompatible-option-group inaccessible-encryption-credentials \
         inaccessible-encryption-credentials-recoverable insufficient-capacity storage-full stopped deleting deleted",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Ready,
    Waits,
    Fails,
}

/// What `rds-wait`, given no time, says of something in this state.
fn outcome_of(stage: &Stage, kind: &str, id: &str, status: &str) -> Outcome {
    stage.fault(&[&format!("{kind} {id}: state {status}")]);
    let flag = format!("--{kind}");
    let output = stage.tool("rds-wait").args([&flag, id, "--timeout", "1ms", "--fallback", "none"]).run();
    let says = |text: &str| output.stderr.contains(text);
    match output.code {
        0 => Outcome::Ready,
        _ if says(&format!("{id} is still {status} after")) => Outcome::Waits,
        _ if says(&format!("{id} is {status}")) => Outcome::Fails,
        code => panic!("{code} of {kind} {status}: {}", output.stderr),
    }
}

#[test]
fn every_state_of_snapshots_clusters_and_instances_is_ready_waited_for_or_a_failure() {
    let stage = stage(None);
    let snapshot = snapped(&stage, "states");
    stage.tool("rds-wait").document(&snapshot).run().exits(0);
    let source_instance = format!("{SOURCE}-0");
    for (kind, expected, list) in STATUSES {
        let id = match *kind {
            "snapshot" => "kit-states",
            "cluster" => SOURCE,
            _ => &source_instance,
        };
        for status in list.split_whitespace() {
            assert_eq!(outcome_of(&stage, kind, id, status), *expected, "{kind} {status}");
        }
        stage.fault(&[&format!("{kind} {id}: state -")]);
    }
    stage.dropped(&snapshot);
}

#[test]
fn without_per_cent_the_usual_time_is_told() {
    let stage = stage(None);
    let first = snapped(&stage, "usual-1");
    stage.tool("rds-wait").document(&first).run().exits(0);
    stage.fault(&["snapshot kit-usual-2: delay 10m"]);
    let second = snapped(&stage, "usual-2");
    let waited =
        stage.tool("rds-wait").args(["--timeout", "1s", "--fallback", "none"]).document(&second).run();
    let said = "snapshot kit-usual-2 is creating; the last ones usually took ";
    assert!(waited.stderr.contains(said), "{}", waited.stderr);
    stage.fault(&["clear"]);
    stage.drop_run("usual-1").exits(0);
    stage.dropped(&second);
}

#[test]
fn a_named_snapshot_is_used_and_not_deleted() {
    let stage = stage(None);
    stage.fault(&["cluster prod-replica: automated 1h"]);
    let list = stage.call(&[("Action", "DescribeDBClusterSnapshots"), ("SnapshotType", "automated")]);
    let id = list.split("<DBClusterSnapshotIdentifier>").nth(1).unwrap().split('<').next().unwrap();
    let snapped = stage.tool("rds-snap").args(["--snapshot", id]).run().exits(0).document();
    assert_eq!(snapped.resources, vec![]);
    assert_eq!(snapped.source.as_ref().unwrap().cluster.as_deref(), Some(SOURCE));
    let alone = stage.tool("rds-wait").args(["--snapshot", id]).run().exits(0).document();
    assert_eq!(alone.snapshot.as_ref().unwrap().status, "available");
    let nothing = stage.tool("rds-snap").args(["--snapshot", "kit-nothing"]).run().exits(69);
    assert!(nothing.stderr.contains("there is no snapshot kit-nothing"), "{}", nothing.stderr);
}
