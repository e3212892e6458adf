//! What a night goes on with when its snapshot failed or is stuck, and who says so.

use std::time::Duration;

use refreshkit::document::{Document, ErrorReport, Interrupted, StepStatus};

use crate::rds_cloud::{SOURCE, stage};
use crate::rds_wait::snapped;

/// What a run that got no snapshot of its own must look like before it is dropped.
fn fallback_of(document: &Document) -> (&str, &str) {
    let snapshot = document.snapshot.as_ref().unwrap();
    assert!(document.ok && snapshot.fallback && snapshot.status == "available", "{snapshot:?}");
    (&snapshot.id, snapshot.fallback_reason.as_deref().unwrap())
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
    // All went well, so all exit codes are 0; whoever wants to see the fallback in one can, at the end of the pipe.
    let asked = stage.tool("rds-drop").args(["--fail-on", "fallback"]).document(&restored).run().exits(69);
    assert!(asked.stderr.contains("is a fallback: snapshot kit-failing is failed"), "{}", asked.stderr);
    let (after, steps) = (asked.document(), dropped.steps.len());
    assert!(after.ok && after.error.is_none() && after.resources.is_empty(), "{after:?}");
    assert_eq!((after.steps.len(), after.steps[steps - 1].status), (steps, StepStatus::Ok));
    let plain = Document { snapshot: None, ..restored.clone() };
    stage.tool("rds-drop").args(["--fail-on", "fallback"]).document(&plain).run().exits(0);
    // A failure before it is what the exit code says.
    let mut failed = restored;
    failed.fail(ErrorReport::of("mydehydrate", &Interrupted { terminated: true }));
    stage.tool("rds-drop").args(["--fail-on", "fallback"]).document(&failed).run().exits(143);
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
