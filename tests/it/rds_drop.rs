//! `rds-drop`: what it deletes after any accident, and what it refuses to delete.

use std::time::Duration;

use refreshkit::document::Document;

use crate::rds_cloud::{SOURCE, Stage, stage};
use crate::support::until;

/// Waits until the endpoint shows something whose line begins like this.
pub(crate) fn until_there(stage: &Stage, line: &str) {
    until(line, || stage.left().iter().any(|there| there.starts_with(line)));
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn each_guard_keeps_what_it_guards_and_the_rest_is_deleted() {
    let stage = stage(None);
    let document = stage.restored("guarded");
    let cluster_arn = stage.arn("cluster", "kit-guarded");
    stage.tag(&cluster_arn, "refreshkit:run", "somebody-else");
    let refused = stage.tool("rds-drop").document(&document).run().exits(77);
    assert!(
        refused.stderr.contains("cluster kit-guarded: its tag refreshkit:run says \"somebody-else\""),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("instance kit-guarded-0: it belongs to cluster kit-guarded"),
        "{}",
        refused.stderr
    );
    let mut left = stage.left();
    left.sort();
    assert_eq!(left, ["cluster kit-guarded available", "instance kit-guarded-0 available"]);
    let mut rest = refused.document();
    assert_eq!(rest.resources.len(), 2, "the snapshot is gone, the others are still owed");
    assert_eq!(rest.error.as_ref().unwrap().code, "refused");
    stage.tag(&cluster_arn, "refreshkit:run", "guarded");

    stage.fault(&["cluster kit-guarded: protect"]);
    let refused = stage.tool("rds-drop").args(["--run", "guarded"]).run().exits(77);
    assert!(refused.stderr.contains("it has deletion protection"), "{}", refused.stderr);
    assert_eq!(stage.left().len(), 2, "protection covers the instances, too");
    stage.call(&[
        ("Action", "ModifyDBCluster"),
        ("DBClusterIdentifier", "kit-guarded"),
        ("DeletionProtection", "false"),
    ]);

    rest.error = None;
    rest.ok = true;
    let mut wrong = rest.clone();
    wrong.resources[1].resource_id = Some("cluster-OTHER".to_owned());
    let other_home = tempfile::tempdir().unwrap();
    let refused =
        stage.tool("rds-drop").env("REFRESH_STATE_DIR", other_home.path()).document(&wrong).run().exits(77);
    assert!(refused.stderr.contains("this run created cluster-OTHER"), "{}", refused.stderr);
    stage.dropped(&rest);
}

#[test]
fn what_only_a_newer_version_can_delete_stays_owed_and_the_rest_goes() {
    let stage = stage(None);
    let snapped = stage.tool("rds-snap").args(["--run", "newer"]).run().exits(0);
    let newer = r#"{"kind":"proxy","id":"kit-newer-proxy","colour":"blue"},"#;
    let text = snapped.stdout.replacen("\"resources\":[", &format!("\"resources\":[{newer}"), 1);
    let waited = stage.tool("rds-wait").stdin(text).run().exits(0);
    let dropped = stage.tool("rds-drop").stdin(waited.stdout).run().exits(69);
    let said = "this version does not know how to delete proxy kit-newer-proxy";
    assert!(dropped.stderr.contains(said), "{}", dropped.stderr);
    assert!(dropped.stdout.contains(&newer[..newer.len() - 1]), "{}", dropped.stdout);
    assert_eq!(dropped.document().resources.len(), 1);
    assert_eq!(dropped.document().error.unwrap().code, "unknown-kind");
    assert_eq!(stage.left(), nothing());
}

#[test]
fn the_source_is_never_deleted_whatever_a_document_says() {
    let stage = stage(None);
    let mut document = Document::new("evil");
    let mut text = serde_json::to_value(&document).unwrap();
    text["resources"] = serde_json::json!([
        {"kind": "instance", "id": format!("{SOURCE}-0")},
        {"kind": "cluster", "id": SOURCE},
    ]);
    document = serde_json::from_value(text).unwrap();
    let refused = stage.tool("rds-drop").document(&document).run().exits(77);
    assert!(refused.stderr.contains("it is the configured source"), "{}", refused.stderr);
    stage.source();
}

#[test]
fn an_instance_that_somebody_put_into_our_cluster_keeps_the_cluster() {
    let stage = stage(None);
    let document = stage.restored("shared");
    stage.call(&[
        ("Action", "CreateDBInstance"),
        ("DBInstanceIdentifier", "mine"),
        ("DBClusterIdentifier", "kit-shared"),
        ("DBInstanceClass", "db.r7g.large"),
        ("Engine", "aurora-mysql"),
    ]);
    until_there(&stage, "instance mine available");
    let refused = stage.tool("rds-drop").document(&document).run().exits(77);
    assert!(refused.stderr.contains("instance mine in it was not created by this run"), "{}", refused.stderr);
    assert!(stage.left().iter().any(|line| line.starts_with("cluster kit-shared")));
    stage.call(&[
        ("Action", "DeleteDBInstance"),
        ("DBInstanceIdentifier", "mine"),
        ("SkipFinalSnapshot", "true"),
    ]);
    stage.dropped(&refused_as_fresh(&refused.document()));
}

/// The document as it was before `rds-drop` failed.
fn refused_as_fresh(document: &Document) -> Document {
    Document { ok: true, error: None, ..document.clone() }
}

#[test]
fn another_run_of_the_same_prefix_is_not_touched() {
    let stage = stage(None);
    let first = stage.tool("rds-snap").args(["--run", "one"]).run().exits(0).document();
    let other = stage.tool("rds-restore").args(["--clone", "--run", "one-more"]).run().exits(0).document();
    assert_eq!(stage.left().len(), 3);
    let theirs = ["cluster kit-one-more available", "instance kit-one-more-0 available"];
    stage.drop_run("one").exits(0);
    assert_eq!(stage.left(), theirs);
    // Not even a document that claims it, under the first run's name.
    let claimed = Document { resources: other.resources.clone(), ..first };
    let refused = stage.tool("rds-drop").document(&claimed).run().exits(77);
    assert!(refused.stderr.contains("its tag refreshkit:run says \"one-more\""), "{}", refused.stderr);
    assert_eq!(stage.left(), theirs);
    stage.dropped(&other);
}

#[test]
fn a_document_of_another_run_than_the_named_one_is_refused() {
    let stage = stage(None);
    let output = stage.tool("rds-drop").args(["--run", "b"]).document(&Document::new("a")).run().exits(65);
    assert!(output.stderr.contains("is of run \"a\", but --run says \"b\""), "{}", output.stderr);
}

#[test]
fn a_dry_run_deletes_nothing_and_says_what_it_would() {
    let stage = stage(None);
    let document = stage.tool("rds-snap").args(["--run", "dry"]).run().exits(0).document();
    let output = stage.tool("rds-drop").arg("--dry-run").document(&document).run().exits(0);
    assert!(output.stderr.contains("would delete snapshot kit-dry"), "{}", output.stderr);
    assert_eq!(output.document().resources.len(), 1);
    assert_eq!(stage.left().len(), 1);
    stage.dropped(&document);
}

#[test]
fn the_reaper_takes_what_has_expired_and_leaves_the_rest() {
    let stage = stage(None);
    let fresh = stage.tool("rds-snap").args(["--run", "fresh"]).run().exits(0).document();
    stage.write_config("expires = \"1s\"");
    stage.restored("stale");
    std::thread::sleep(Duration::from_secs(2));
    let planned = stage.tool("rds-drop").args(["--expired", "--dry-run"]).run().exits(0);
    assert_eq!(planned.stderr.matches("would delete").count(), 3, "{}", planned.stderr);
    stage.tool("rds-drop").arg("--expired").run().exits(0);
    assert_eq!(stage.left().len(), 1, "{:?}", stage.left());
    assert!(stage.left()[0].starts_with("snapshot kit-fresh"));
    assert!(!stage.state_dir().join("stale.cnf").exists());
    stage.dropped(&fresh);
}

#[test]
fn tags_alone_are_enough_among_hundreds_of_snapshots() {
    let stage = stage(None);
    stage.write_config("owner = \"the night\"");
    stage.fault(&["cluster prod-replica: snapshots 250"]);
    stage.tool("rds-snap").args(["--run", "zzz"]).run().exits(0);
    std::fs::remove_dir_all(stage.state_dir()).unwrap();
    stage.drop_run("zzz").exits(0);
    assert_eq!(stage.left(), nothing());
}

#[test]
fn a_password_that_never_settles_is_a_clear_error_and_everything_goes() {
    let stage = stage(None);
    stage.fault(&["cluster kit-never: password never"]);
    let snapped = stage.tool("rds-snap").args(["--run", "never"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let failed =
        stage.tool("rds-restore").env("REFRESHKIT_PACE", "0.002").stdin(waited.stdout).run().exits(75);
    assert!(
        failed.stderr.contains("cluster kit-never is still changing its master password after"),
        "{}",
        failed.stderr
    );
    let busy = stage.tool("rds-drop").args(["--timeout", "1s"]).document(&failed.document()).run().exits(75);
    assert!(busy.stderr.contains("cluster kit-never (resetting-master-credentials"), "{}", busy.stderr);
    stage.fault(&["clear"]);
    stage.drop_run("never").exits(0);
    assert_eq!(stage.left(), nothing());
    assert!(!stage.state_dir().join("never.cnf").exists());
}

#[test]
fn a_replica_is_never_deleted() {
    let stage = stage(None);
    stage.fault(&["cluster kit-replica: fail incompatible-restore"]);
    let snapped = stage.tool("rds-snap").args(["--run", "replica"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let failed = stage.tool("rds-restore").stdin(waited.stdout).run().exits(69).document();
    stage.fault(&["clear", "cluster kit-replica: replica-of arn:aws:rds:eu-west-1:1:cluster:x"]);
    let refused = stage.tool("rds-drop").document(&failed).run().exits(77);
    assert!(
        refused.stderr.contains("it is a replica of arn:aws:rds:eu-west-1:1:cluster:x"),
        "{}",
        refused.stderr
    );
    assert_eq!(stage.left(), ["cluster kit-replica incompatible-restore"]);
    stage.sweep();
}

#[test]
fn what_failed_to_migrate_or_to_be_cloned_is_reported_and_goes() {
    let stage = stage(None);
    stage.fault(&[
        "cluster kit-migrated: fail migration-failed",
        "cluster kit-cloned-badly: fail cloning-failed",
    ]);
    let snapped = stage.tool("rds-snap").args(["--run", "migrated"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let failed = stage.tool("rds-restore").stdin(waited.stdout).run().exits(69);
    assert!(failed.stderr.contains("cluster kit-migrated is migration-failed"), "{}", failed.stderr);
    stage.dropped(&failed.document());
    let failed = stage.tool("rds-restore").args(["--clone", "--run", "cloned-badly"]).run().exits(69);
    assert!(failed.stderr.contains("cluster kit-cloned-badly is cloning-failed"), "{}", failed.stderr);
    stage.dropped(&failed.document());
}

#[test]
fn a_stopped_copy_is_started_and_then_deleted() {
    let stage = stage(None);
    let document = stage.restored("stopped");
    stage.call(&[("Action", "StopDBCluster"), ("DBClusterIdentifier", "kit-stopped")]);
    until_there(&stage, "cluster kit-stopped stopped");
    until_there(&stage, "instance kit-stopped-0 stopped");
    let kept = stage.tool("rds-drop").args(["--timeout", "1ms"]).document(&document).run().exits(75);
    assert!(kept.stderr.contains("starting, it was stopped"), "{}", kept.stderr);
    stage.dropped(&document);
}

#[test]
fn a_terminal_state_is_reported_with_what_the_service_says_about_it() {
    let stage = stage(None);
    stage.fault(&["instance kit-broken-0: fail incompatible-network"]);
    let snapped = stage.tool("rds-snap").args(["--run", "broken"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let failed = stage.tool("rds-restore").stdin(waited.stdout).run().exits(69);
    assert!(failed.stderr.contains("instance kit-broken-0 is incompatible-network"), "{}", failed.stderr);
    assert!(failed.stderr.contains("the service says: "), "{}", failed.stderr);
    stage.dropped(&failed.document());
}
