//! Requests that are not RDS's: adding faults, some of which are done at once, and a list of all resources as JSON.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::faults::language::{FaultAction, FaultRule};
use crate::rds_local::faults::matches;
use crate::rds_local::jobs::snapshot;
use crate::rds_local::state::model::{
    Forced, LocalCluster, LocalKind, LocalSnapshot, Status, Tag, key, resource_id,
};
use crate::rds_local::state::{LocalState, source_type};

/// Adds fault lines, or none of them if one cannot be parsed. Stops at a `Deed` that fails; the lines before it stay in force.
/// Skips empty lines and those that begin with `#`. Returns the number of faults.
pub(crate) fn inject(cloud: &Arc<LocalCloud>, text: &str) -> Result<usize, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let faults: Vec<(&str, FaultRule)> =
        lines.map(|line| FaultRule::parse(line).map(|fault| (line, fault))).collect::<Result<_, _>>()?;
    let count = faults.len();
    for (line, fault) in faults {
        cloud.say(format!("fault: {line}"));
        if let FaultRule::Deed { kind, name, deed } = &fault {
            perform(cloud, *kind, name, deed)?;
        }
        cloud.faults().add(line, fault);
    }
    Ok(count)
}

fn perform(cloud: &Arc<LocalCloud>, kind: LocalKind, name: &str, deed: &FaultAction) -> Result<(), String> {
    if let FaultAction::State(state, time) = deed {
        return show(cloud, kind, name, state.as_deref(), *time);
    }
    let clusters: Vec<LocalCluster> = cloud.look(|state| {
        let plain = kind == LocalKind::Instance;
        state.clusters.values().filter(|c| c.plain == plain && matches(name, &c.id)).cloned().collect()
    });
    if clusters.is_empty() {
        let word = if kind == LocalKind::Instance { "plain instance" } else { kind.word() };
        return Err(format!("there is no {word} {name}"));
    }
    for cluster in &clusters {
        match deed {
            FaultAction::Protect => edit(cloud, cluster, |c| c.deletion_protection = true),
            FaultAction::ReplicaOf(arn) => edit(cloud, cluster, |c| c.replication_source = Some(arn.clone())),
            FaultAction::Automated(age) => automated(cloud, cluster, *age),
            FaultAction::Snapshots(count) => cloud.change(|state| records(state, cluster, *count)),
            FaultAction::State(..) => {}
        }
    }
    Ok(())
}

fn edit(cloud: &LocalCloud, cluster: &LocalCluster, change: impl FnOnce(&mut LocalCluster)) {
    cloud.change(|state| state.cluster(&cluster.key(), &cluster.resource_id).map(change));
}

/// Shows a state instead of the real one on all matching resources; without a state shows the real one again.
fn show(
    cloud: &LocalCloud,
    kind: LocalKind,
    name: &str,
    shown: Option<&str>,
    time: Option<Duration>,
) -> Result<(), String> {
    let until = time.and_then(|time| Timestamp::now().checked_add(time).ok());
    let forced = shown.map(|shown| Forced { state: shown.to_owned(), until });
    let count = cloud.change(|state| {
        let mut found: Vec<&mut Status> = match kind {
            LocalKind::Cluster => {
                let clusters = state.clusters.values_mut().filter(|c| !c.plain && matches(name, &c.id));
                clusters.map(|c| &mut c.status).collect()
            }
            LocalKind::Instance => {
                state.instances.values_mut().filter(|i| matches(name, &i.id)).map(|i| &mut i.status).collect()
            }
            LocalKind::Snapshot => {
                state.snapshots.values_mut().filter(|s| matches(name, &s.id)).map(|s| &mut s.status).collect()
            }
        };
        for status in &mut found {
            status.forced.clone_from(&forced);
        }
        found.len()
    });
    if count == 0 { Err(format!("there is no {} {name}", kind.word())) } else { Ok(()) }
}

/// Takes an automated snapshot of what the cluster holds now, dated `age` ago.
pub(crate) fn automated(cloud: &Arc<LocalCloud>, cluster: &LocalCluster, age: Duration) {
    let at = Timestamp::now().checked_sub(age).unwrap_or_else(|_| Timestamp::now());
    let minute = at.strftime("%Y-%m-%d-%H-%M").to_string();
    let snapshot = cloud.change(|state| {
        let mut id = format!("rds:{}-{minute}", cluster.id);
        // RDS takes at most one automated snapshot a day. Here a second one in the same minute needs another name.
        if state.snapshots.contains_key(&key(cluster.plain, &id)) {
            id = format!("{id}-{:03}", at.subsec_millisecond());
        }
        let mut snapshot = snapshot_of(cluster, &id, at);
        snapshot.automated = true;
        state.snapshots.insert(snapshot.key(), snapshot.clone());
        state.tell(
            source_type(LocalKind::Snapshot, cluster.plain),
            &snapshot.id,
            "Creating automated cluster snapshot",
        );
        snapshot
    });
    cloud.spawn(move |cloud| snapshot::take_snapshot(cloud, &snapshot));
}

/// Makes a new manual snapshot of a cluster, in the state `creating`.
pub(crate) fn snapshot_of(cluster: &LocalCluster, id: &str, at: Timestamp) -> LocalSnapshot {
    LocalSnapshot {
        id: id.to_owned(),
        plain: cluster.plain,
        resource_id: resource_id("snapshot"),
        automated: false,
        source: cluster.id.clone(),
        source_resource_id: cluster.resource_id.clone(),
        source_created_at: cluster.created_at,
        engine: cluster.engine.clone(),
        engine_version: cluster.engine_version.clone(),
        master_user: cluster.master_user.clone(),
        retention_days: cluster.retention_days,
        port: cluster.port,
        status: Status::new("creating"),
        percent: 0,
        created_at: at,
        data: true,
        tags: Vec::new(),
        copied_from: None,
        kms_key: None,
    }
}

/// Adds records of manual snapshots without data, dated an hour apart.
fn records(state: &mut LocalState, cluster: &LocalCluster, count: u32) {
    for number in 1..=count {
        let at = Timestamp::now().checked_sub(Duration::from_secs(3_600 * u64::from(number)));
        let id = format!("{}-many-{number:04}", cluster.id);
        let mut snapshot = snapshot_of(cluster, &id, at.unwrap_or_else(|_| Timestamp::now()));
        snapshot.status = Status::new("available");
        (snapshot.percent, snapshot.data) = (100, false);
        snapshot.tags = vec![Tag { key: "made-by".to_owned(), value: "rds-local fault".to_owned() }];
        state.snapshots.insert(snapshot.key(), snapshot);
    }
}

/// Lists all resources as JSON, for people and scripts.
pub(crate) fn list(cloud: &LocalCloud) -> String {
    let value = cloud.look(|state| {
        let clusters = state.clusters.values().filter(|c| !c.plain);
        let clusters = clusters.map(|c| json!({"kind": "cluster", "id": c.id, "status": c.status.shown(), "port": c.port}));
        let instances = state.instances.values().map(|i| {
            json!({"kind": "instance", "id": i.id, "status": i.status.shown(), "cluster": (!i.plain).then_some(&i.cluster)})
        });
        let snapshots = state.snapshots.values().map(|s| {
            json!({"kind": "snapshot", "id": s.id, "status": s.status.shown(), "type": s.type_word(), "source": s.source})
        });
        json!({"resources": clusters.chain(instances).chain(snapshots).collect::<Vec<_>>()})
    });
    value.to_string() + "\n"
}
