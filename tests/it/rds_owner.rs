//! Two hosts with one account: neither adopts, uses or deletes what is the other's, whatever the runs are called.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rand::Rng;
use refreshkit::document::{Cluster, Document, ResourceKind, ThrowAwayCopy};
use refreshkit::mysql::Server;

use crate::rds_cloud::{SOURCE, Stage, stage};
use crate::rds_drop::until_there;
use crate::rds_kill::{kill_at, kills};
use crate::support::Tool;

/// The other source of the account.
const BANK: &str = "bank-prod";

/// A host: a configuration and a state directory of its own.
pub(crate) struct Host<'a> {
    stage: &'a Stage,
    home: tempfile::TempDir,
}

impl<'a> Host<'a> {
    pub(crate) fn new(stage: &'a Stage, source: &str, snapshot: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(stage.home.path().join("refresh.toml")).unwrap();
        let text = text.replace(&format!("cluster = \"{SOURCE}\""), &format!("cluster = \"{source}\""));
        let text = text.replace("prefix = \"kit\"", &format!("prefix = \"kit\"\n{snapshot}"));
        std::fs::write(home.path().join("refresh.toml"), text).unwrap();
        Self { stage, home }
    }

    pub(crate) fn tool(&self, name: &str) -> Tool {
        let tool = self.stage.tool(name).env("REFRESH_CONFIG", self.home.path().join("refresh.toml"));
        tool.env("REFRESH_STATE_DIR", self.home.path().join("state"))
    }

    fn owner(&self) -> String {
        let text = std::fs::read_to_string(self.home.path().join("state/owner")).unwrap_or_default();
        text.trim().to_owned()
    }
}

/// A second production cluster, with an instance and rows that tell it apart.
fn bank(stage: &Stage) {
    stage.call(&[
        ("Action", "RestoreDBClusterToPointInTime"),
        ("DBClusterIdentifier", BANK),
        ("SourceDBClusterIdentifier", SOURCE),
        ("UseLatestRestorableTime", "true"),
    ]);
    until_there(stage, "cluster bank-prod available");
    stage.call(&[
        ("Action", "CreateDBInstance"),
        ("DBInstanceIdentifier", "bank-prod-0"),
        ("DBClusterIdentifier", BANK),
        ("DBInstanceClass", "db.r7g.large"),
        ("Engine", "aurora-mysql"),
    ]);
    until_there(stage, "instance bank-prod-0 available");
}

/// What is there, the bank's own cluster aside.
fn left(stage: &Stage) -> Vec<String> {
    let mut left = stage.left();
    left.retain(|line| !line.contains("bank-prod"));
    left
}

/// `kind id owner` of everything that is there and stays.
fn owned(stage: &Stage) -> BTreeSet<String> {
    let lines = left(stage).into_iter().filter(|line| !line.ends_with("deleting"));
    lines
        .map(|line| {
            let (kind, rest) = line.split_once(' ').unwrap();
            let id = rest.split(' ').next().unwrap();
            format!("{kind} {id} {}", stage.tag_of(kind, id, "refreshkit:owner"))
        })
        .collect()
}

#[test]
fn a_snapshot_of_another_source_and_host_is_neither_adopted_nor_deleted() {
    let stage = stage(None);
    bank(&stage);
    let (shop, bank) = (Host::new(&stage, SOURCE, ""), Host::new(&stage, BANK, ""));
    let document = shop.tool("rds-snap").args(["--run", "same"]).run().exits(0).document();
    let refused = bank.tool("rds-snap").args(["--run", "same"]).run().exits(77);
    assert!(refused.stderr.contains("its tag refreshkit:owner says"), "{}", refused.stderr);
    assert_eq!(refused.document().resources, vec![]);
    bank.tool("rds-drop").stdin(refused.stdout).run().exits(77);
    let named = bank.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert!(named.stderr.contains("snapshot kit-same: its tag refreshkit:owner says"), "{}", named.stderr);
    assert_eq!(left(&stage).len(), 1, "{:?}", left(&stage));
    // Even a document that claims it.
    let claimed = bank.tool("rds-drop").document(&document).run().exits(77);
    assert!(
        claimed.stderr.contains("snapshot kit-same: its tag refreshkit:owner says"),
        "{}",
        claimed.stderr
    );
    shop.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert_eq!(left(&stage), Vec::<String>::new());
}

#[test]
fn a_clone_of_another_host_keeps_its_login_and_its_life() {
    let stage = stage(None);
    bank(&stage);
    let (shop, bank) = (Host::new(&stage, SOURCE, ""), Host::new(&stage, BANK, ""));
    let clone = ["--clone", "--run", "same"];
    let ours = shop.tool("rds-restore").args(clone).run().exits(0).document();
    let refused = bank.tool("rds-restore").args(clone).run().exits(77);
    let said = "cluster kit-same exists already and is not of this run: its tag refreshkit:owner says";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    bank.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    bank.tool("rds-drop").arg("--expired").run().exits(0);
    assert_eq!(left(&stage).len(), 2, "{:?}", left(&stage));
    copy_of(ours.cluster.as_ref().unwrap()).connect().unwrap();
    shop.tool("rds-drop").document(&ours).run().exits(0);
    assert_eq!(left(&stage), Vec::<String>::new());
}

#[test]
fn two_sources_of_one_owner_are_two_sources() {
    let stage = stage(None);
    bank(&stage);
    let owner = "owner = \"one team\"";
    let (shop, bank) = (Host::new(&stage, SOURCE, owner), Host::new(&stage, BANK, owner));
    shop.tool("rds-snap").args(["--run", "same"]).run().exits(0);
    let refused = bank.tool("rds-snap").args(["--run", "same"]).run().exits(77);
    assert!(refused.stderr.contains("its tag refreshkit:source says \"cluster-"), "{}", refused.stderr);
    let named = bank.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert!(named.stderr.contains("snapshot kit-same: its tag refreshkit:source"), "{}", named.stderr);
    // A new host of this owner has no journal of it.
    let fresh = Host::new(&stage, BANK, owner);
    fresh.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert_eq!(left(&stage).len(), 1);
    let fresh = Host::new(&stage, SOURCE, "");
    fresh.tool("rds-drop").env("REFRESH_OWNER", "one team").args(["--run", "same"]).run().exits(0);
    assert_eq!(left(&stage), Vec::<String>::new());
}

#[test]
fn what_another_host_of_the_same_owner_ordered_under_this_name_is_not_shared_and_not_deleted() {
    let stage = stage(None);
    let owner = "owner = \"one team\"";
    let (one, two) = (Host::new(&stage, SOURCE, owner), Host::new(&stage, SOURCE, owner));
    let clone = ["--clone", "--run", "same"];
    let ours = one.tool("rds-restore").args(clone).run().exits(0).document();
    let refused = two.tool("rds-restore").args(clone).run().exits(77);
    assert!(refused.stderr.contains("another run of this name made it"), "{}", refused.stderr);
    // By its tags alone it would be this run's.
    two.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    two.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert_eq!(stage.left().iter().filter(|line| line.starts_with("cluster kit-same available")).count(), 1);
    copy_of(ours.cluster.as_ref().unwrap()).connect().unwrap();
    // Started again, the first one knows its own.
    let again = one.tool("rds-restore").args(clone).run().exits(0);
    assert!(
        again.stderr.contains("cluster kit-same of this run is there already: adopted"),
        "{}",
        again.stderr
    );
    one.tool("rds-drop").args(["--run", "same"]).run().exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn what_names_no_owner_is_named_and_goes_only_if_a_person_says_so() {
    let stage = stage(None);
    stage.write_config("expires = \"1s\"");
    stage.tool("rds-snap").args(["--run", "old"]).run().exits(0);
    until_there(&stage, "snapshot kit-old available");
    let arn = stage.arn_of("snapshot", "kit-old");
    let tags = ["refreshkit:owner", "refreshkit:source", "refreshkit:intent"];
    for tag in tags {
        stage.call(&[
            ("Action", "RemoveTagsFromResource"),
            ("ResourceName", &arn),
            ("TagKeys.member.1", tag),
        ]);
    }
    std::fs::remove_dir_all(stage.state_dir()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    for arguments in [&["--expired"][..], &["--run", "old"]] {
        let named = stage.tool("rds-drop").args(arguments.iter().copied()).run().exits(0);
        assert!(
            named.stderr.contains("snapshot kit-old: it has no tag refreshkit:owner"),
            "{}",
            named.stderr
        );
        assert_eq!(stage.left().len(), 1);
    }
    stage.tool("rds-drop").args(["--expired", "--any-owner"]).run().exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn after_kills_at_any_moment_neither_of_two_hosts_touches_what_is_the_others() {
    let stage = stage(None);
    bank(&stage);
    let begun = Instant::now();
    stage.tool("rds-drop").document(&stage.restored("whole")).run().exits(0);
    let whole = begun.elapsed();
    for round in 0..kills() {
        // One name for both; one source, or two.
        let run = format!("both-{round}");
        let sources = if round % 2 == 0 { [SOURCE, BANK] } else { [SOURCE, SOURCE] };
        let hosts = sources.map(|source| Host::new(&stage, source, ""));
        let ends: Vec<Option<Document>> = std::thread::scope(|scope| {
            let running: Vec<_> = hosts
                .iter()
                .map(|host| {
                    let moment = whole.mul_f64(rand::rng().random_range(0.0..1.6));
                    let (late, run) = (rand::rng().random_range(0..300), &run);
                    scope.spawn(move || {
                        std::thread::sleep(Duration::from_millis(late));
                        kill_at(&|name| host.tool(name), run, moment)
                    })
                })
                .collect();
            running.into_iter().map(|host| host.join().unwrap()).collect()
        });
        stage.until_all_calls_are_answered();
        let there = owned(&stage);
        eprintln!("{run}: {there:?}");
        for index in [0, 1] {
            let ours =
                |line: &String| line.ends_with(&hosts[index].owner()) && !hosts[index].owner().is_empty();
            let before = owned(&stage);
            hosts[index].tool("rds-drop").args(["--run", &run]).run().exits(0);
            let expected: BTreeSet<String> = before.into_iter().filter(|line| !ours(line)).collect();
            assert_eq!(owned(&stage), expected, "{run}: {} dropped", hosts[index].owner());
            // A copy that was ready lets its own host in until that one drops it.
            if let (0, Some(cluster)) =
                (index, ends[1].as_ref().and_then(|document| document.cluster.clone()))
            {
                copy_of(&cluster).connect().unwrap();
            }
        }
        assert_eq!(left(&stage), Vec::<String>::new(), "{run}");
    }
}

/// The copy of a document, for the test that made it.
fn copy_of(cluster: &Cluster) -> Server {
    Server::of_copy(&ThrowAwayCopy::described(ResourceKind::Cluster, cluster)).unwrap()
}
