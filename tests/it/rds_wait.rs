//! `rds-snap` and `rds-wait` when things go wrong: busy, failed, stuck and throttled, and what they fall back to.

use std::time::{Duration, Instant};

use refreshkit::document::Document;

use crate::rds_cloud::{SOURCE, Stage, stage};

/// `rds-snap`, expected to work.
fn snapped(stage: &Stage, run: &str) -> Document {
    stage.tool("rds-snap").args(["--run", run]).run().exits(0).document()
}

/// What a run that got no snapshot of its own must look like before it is dropped.
fn fallback_of(document: &Document) -> (&str, &str) {
    let snapshot = document.snapshot.as_ref().unwrap();
    assert!(document.ok && snapshot.fallback && snapshot.status == "available", "{snapshot:?}");
    (&snapshot.id, snapshot.fallback_reason.as_deref().unwrap())
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
fn a_failed_snapshot_leads_to_the_newest_automated_one_and_that_is_restored() {
    let stage = stage(None);
    let earlier = stage.stamp_of_automated(Duration::from_hours(2));
    stage.fault(&[
        "snapshot kit-failing: fail",
        "cluster prod-replica: automated 30h",
        "cluster prod-replica: automated 2h",
        "cluster prod-replica: automated 9h",
    ]);
    let document = snapped(&stage, "failing");
    let waited = stage.tool("rds-wait").document(&document).run().exits(0);
    assert!(waited.stderr.contains("falling back"), "{}", waited.stderr);
    let document = waited.document();
    let (id, reason) = fallback_of(&document);
    // The hour may have changed since the snapshot was dated.
    let hour = stage.stamp_of_automated(Duration::from_hours(2));
    let expected = [earlier, hour].map(|hour| format!("rds:{SOURCE}-{hour}"));
    assert!(expected.iter().any(|begin| id.starts_with(begin)), "{id} is none of {expected:?}");
    assert!(reason.contains("kit-failing is failed"), "{reason}");
    let restored = stage.tool("rds-restore").document(&document).run().exits(0).document();
    assert!(restored.cluster.is_some());
    let dropped = stage.dropped(&restored);
    // All went well, so all exit codes are 0; whoever wants to see the fallback in one can.
    let asked = stage.tool("refresh-report").args(["--get", "/snapshot/fallback"]).document(&dropped);
    assert_eq!(asked.run().exits(0).stdout, "true\n");
    let report =
        stage.tool("refresh-report").args(["--fail-on", "fallback"]).document(&dropped).run().exits(69);
    assert_eq!(report.document(), dropped);
    assert!(report.stderr.contains("is a fallback: snapshot kit-failing is failed"), "{}", report.stderr);
    stage.tool("refresh-report").document(&dropped).run().exits(0);
}

#[test]
fn a_stuck_snapshot_leads_to_a_fallback_at_the_deadline_and_is_dropped_once_it_can_be() {
    let stage = stage(None);
    stage.fault(&["snapshot kit-stuck: stick", "cluster prod-replica: automated 1h"]);
    let document = snapped(&stage, "stuck");
    let waited =
        stage.tool("rds-wait").args(["--timeout", "2s"]).document(&document).run().exits(0).document();
    let (_, reason) = fallback_of(&waited);
    assert!(reason.contains("still creating after "), "{reason}");
    let kept = stage.tool("rds-drop").args(["--timeout", "1s"]).document(&waited).run().exits(75);
    assert!(kept.stderr.contains("snapshot kit-stuck (creating"), "{}", kept.stderr);
    assert_eq!(kept.document().resources.len(), 1);
    stage.fault(&["clear"]);
    stage.dropped(&waited);
}

#[test]
fn without_an_acceptable_automated_snapshot_the_error_says_so_and_nothing_is_left() {
    let stage = stage(None);
    stage.fault(&["snapshot kit-none: fail", "cluster prod-replica: automated 50h"]);
    let document = snapped(&stage, "none");
    let waited = stage.tool("rds-wait").args(["--max-age", "1s"]).document(&document).run().exits(69);
    assert!(
        waited.stderr.contains("there is nothing to fall back to: the newest automated snapshot"),
        "{}",
        waited.stderr
    );
    let document = waited.document();
    assert_eq!(document.error.as_ref().unwrap().code, "no-fallback");
    stage.dropped(&document);
}

#[test]
fn no_fallback_is_taken_if_none_is_wanted() {
    let stage = stage(None);
    stage.fault(&["snapshot kit-strict: fail", "cluster prod-replica: automated 1h"]);
    let document = snapped(&stage, "strict");
    let waited = stage.tool("rds-wait").args(["--fallback", "none"]).document(&document).run().exits(69);
    assert!(waited.stderr.contains("snapshot kit-strict is failed"), "{}", waited.stderr);
    assert_eq!(waited.document().error.unwrap().code, "terminal-state");
    stage.dropped(&waited.document());
    // The exit code is that of the cause: one that took too long may be there the next time.
    stage.fault(&["clear", "snapshot kit-slow: stick"]);
    let document = snapped(&stage, "slow");
    let waited = stage.tool("rds-wait").args(["--fallback", "none", "--timeout", "1s"]).document(&document);
    let waited = waited.run().exits(75).document();
    assert!(waited.error.as_ref().unwrap().retryable);
    stage.fault(&["clear"]);
    stage.dropped(&waited);
}

#[test]
fn a_point_in_time_of_the_source_can_stand_in_and_so_it_can_when_the_quota_is_used_up() {
    let stage = stage(None);
    stage.fault(&["CreateDBClusterSnapshot: error SnapshotQuotaExceeded 400 1"]);
    let document = snapped(&stage, "pitr");
    assert_eq!(document.resources, vec![]);
    let waited =
        stage.tool("rds-wait").args(["--fallback", "pitr"]).document(&document).run().exits(0).document();
    let (_, reason) = fallback_of(&waited);
    assert!(reason.contains("SnapshotQuotaExceeded"), "{reason}");
    assert!(waited.snapshot.as_ref().unwrap().created_at.is_some());
    let restored = stage.tool("rds-restore").document(&waited).run().exits(0).document();
    assert_eq!(restored.cluster.as_ref().unwrap().id, "kit-pitr");
    stage.dropped(&restored);
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
