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
    stage.fault(&["cluster prod-replica: backing-up 2s"]);
    let begun = Instant::now();
    let document = snapped(&stage, "busy");
    assert!(begun.elapsed() > Duration::from_millis(1_500), "{:?}", begun.elapsed());
    stage.dropped(&document);
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
    let expected = format!("rds:{SOURCE}-{}", stage.stamp_of_automated(Duration::from_hours(2)));
    assert_eq!(&id[..expected.len()], expected);
    assert!(reason.contains("kit-failing is failed"), "{reason}");
    let restored = stage.tool("rds-restore").document(&document).run().exits(0).document();
    assert!(restored.cluster.is_some());
    stage.dropped(&restored);
}

#[test]
fn a_stuck_snapshot_leads_to_a_fallback_at_the_deadline_and_is_dropped_once_it_can_be() {
    let stage = stage(None);
    stage.fault(&["snapshot kit-stuck: stick", "cluster prod-replica: automated 1h"]);
    let document = snapped(&stage, "stuck");
    let waited =
        stage.tool("rds-wait").args(["--timeout", "2s"]).document(&document).run().exits(0).document();
    let (_, reason) = fallback_of(&waited);
    assert!(reason.contains("still creating after 2s"), "{reason}");
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
    assert!(waited.stderr.contains("fallback is \"none\""), "{}", waited.stderr);
    stage.dropped(&waited.document());
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
    stage.fault(&["*: throttle 3s"]);
    let begun = Instant::now();
    let snapped = stage.tool("rds-snap").args(["--run", "slow"]).run().exits(0);
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert!(snapped.stderr.contains("Throttling"), "{}", snapped.stderr);
    stage.fault(&["*: unavailable 3s"]);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    stage.fault(&["*: throttle 2s"]);
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
