//! Actions on snapshots of clusters and of plain instances. Both work alike, with other parameter names and error codes.

use std::sync::Arc;

use jiff::Timestamp;

use super::render::{self, ActionOutcome};
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::control::snapshot_of;
use crate::rds_local::http::list::{page, passes};
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::jobs::snapshot;
use crate::rds_local::state::model::{self, LocalCluster, LocalSnapshot, key};
use crate::rds_local::state::{self, no_snapshot, unavailable};

/// Names of parameters, XML elements and error codes that differ between the two kinds of snapshots.
struct SnapshotNames {
    node: &'static str,
    list: &'static str,
    id: &'static str,
    source: &'static str,
    filters: &'static [&'static str],
    exists: &'static str,
    busy: &'static str,
}

fn words(plain: bool) -> SnapshotNames {
    if plain {
        SnapshotNames {
            node: "DBSnapshot",
            list: "DBSnapshots",
            id: "DBSnapshotIdentifier",
            source: "DBInstanceIdentifier",
            filters: &["db-instance-id", "db-snapshot-id", "snapshot-type", "engine", "dbi-resource-id"],
            exists: "DBSnapshotAlreadyExists",
            busy: "InvalidDBSnapshotState",
        }
    } else {
        SnapshotNames {
            node: "DBClusterSnapshot",
            list: "DBClusterSnapshots",
            id: "DBClusterSnapshotIdentifier",
            source: "DBClusterIdentifier",
            filters: &["db-cluster-id", "db-cluster-snapshot-id", "snapshot-type", "engine"],
            exists: "DBClusterSnapshotAlreadyExistsFault",
            busy: "InvalidDBClusterSnapshotStateFault",
        }
    }
}

pub(crate) fn describe(cloud: &LocalCloud, query: &Query, plain: bool) -> ActionOutcome {
    let words = words(plain);
    let filters = query.filters(words.filters)?;
    let (id, source) = (query.name(words.id)?, query.name(words.source)?);
    let kind = query.get("SnapshotType");
    if let Some(other) =
        kind.filter(|kind| !["manual", "automated", "shared", "public", "awsbackup"].contains(kind))
    {
        return Err(ServiceError::value(format!("Invalid value {other} for SnapshotType")));
    }
    cloud.look(|state| {
        let wanted = |s: &&LocalSnapshot| {
            s.plain == plain
                && id.as_ref().is_none_or(|id| *id == s.id)
                && source.as_ref().is_none_or(|source| *source == s.source)
                && kind.is_none_or(|kind| kind == s.type_word())
                // An automated snapshot is found by its name only if the request gives `SnapshotType` too.
                && (id.is_none() || kind.is_some() || !s.automated)
                && passes(&filters, |name, value| match name {
                    "db-cluster-id" | "db-instance-id" => value == s.source,
                    "db-cluster-snapshot-id" | "db-snapshot-id" => value == s.id,
                    "snapshot-type" => value == s.type_word(),
                    "dbi-resource-id" => value == s.source_resource_id.to_lowercase(),
                    _ => value == s.engine,
                })
        };
        let found: Vec<&LocalSnapshot> = state.snapshots.values().filter(wanted).collect();
        if let Some(id) = id.as_ref().filter(|_| found.is_empty()) {
            return Err(no_snapshot(plain, id));
        }
        let (found, marker) = page(query, found, |s| s.key())?;
        let mut x = Xml::default();
        x.maybe("Marker", marker);
        x.list(words.list, words.node, found, render::snapshot);
        Ok(x)
    })
}

fn shown(snapshot: &LocalSnapshot) -> Xml {
    let mut x = Xml::default();
    x.node(words(snapshot.plain).node, |x| render::snapshot(x, snapshot));
    x
}

pub(crate) fn create(cloud: &Arc<LocalCloud>, query: &Query, plain: bool) -> ActionOutcome {
    let words = words(plain);
    let id = query.new_name(words.id)?;
    let source = query.need_name(words.source)?;
    let tags = query.tags();
    let snapshot = cloud.change(|state| {
        let cluster = if plain {
            let instance = state.find_instance(&source)?.clone();
            if !instance.plain {
                let message = "The instance belongs to a DB cluster: create a DB cluster snapshot.";
                return Err(ServiceError::new(400, "InvalidDBInstanceState", message));
            }
            if !instance.status.is("available") {
                let message = format!("Instance {source} is not currently in the available state.");
                return Err(ServiceError::new(400, "InvalidDBInstanceState", message));
            }
            state.clusters.get(&instance.cluster).cloned()
        } else {
            let cluster = state.find_cluster(&source)?.clone();
            if !cluster.status.is("available") {
                return Err(unavailable(&cluster, "snapshotted"));
            }
            Some(cluster)
        };
        let cluster = cluster.ok_or_else(|| no_snapshot(plain, &id))?;
        insert(state, &cluster, &id, tags)
    })?;
    let answer = shown(&snapshot);
    cloud.spawn(move |cloud| snapshot::take_snapshot(cloud, &snapshot));
    Ok(answer)
}

/// Makes a manual snapshot of a plain instance with the data of another one, manual or automated.
pub(crate) fn copy(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.new_name("TargetDBSnapshotIdentifier")?;
    let named = query.need("SourceDBSnapshotIdentifier")?;
    // The request may name the snapshot by its ARN.
    let source = named.rsplit_once(":snapshot:").map_or(named, |(_, id)| id).to_lowercase();
    let tags = query.tags();
    let copy = cloud.change(|state| {
        let from = state.find_snapshot(true, &source)?.clone();
        if !from.status.is("available") {
            let message = format!("The snapshot {source} is not available.");
            return Err(ServiceError::new(400, "InvalidDBSnapshotState", message));
        }
        require_free(state, true, &id)?;
        let copy = LocalSnapshot {
            id: id.clone(),
            automated: false,
            percent: 0,
            status: model::Status::new("creating"),
            resource_id: model::resource_id("snapshot"),
            copied_from: Some(from.key()),
            kms_key: query.get("KmsKeyId").map(str::to_owned).or(from.kms_key.clone()),
            tags,
            ..from.clone()
        };
        state.snapshots.insert(copy.key(), copy.clone());
        state.tell(state::source_type(model::LocalKind::Snapshot, true), &id, "Copying snapshot");
        Ok(copy)
    })?;
    let answer = shown(&copy);
    cloud.spawn(move |cloud| snapshot::take_snapshot(cloud, &copy));
    Ok(answer)
}

/// Fails if another snapshot of the same kind has the name.
fn require_free(state: &state::LocalState, plain: bool, id: &str) -> Result<(), ServiceError> {
    if !state.snapshots.contains_key(&key(plain, id)) {
        return Ok(());
    }
    let message = format!("Cannot create the snapshot because one with the identifier {id} already exists.");
    Err(ServiceError::new(400, words(plain).exists, message))
}

/// Adds a new manual snapshot to the state. Fails if its name is taken.
fn insert(
    state: &mut state::LocalState,
    cluster: &LocalCluster,
    id: &str,
    tags: Vec<model::Tag>,
) -> Result<LocalSnapshot, ServiceError> {
    require_free(state, cluster.plain, id)?;
    let mut snapshot = snapshot_of(cluster, id, Timestamp::now());
    // The cluster's tags are copied only if the request has none.
    snapshot.tags = if tags.is_empty() && cluster.copy_tags { cluster.tags.clone() } else { tags };
    state.snapshots.insert(snapshot.key(), snapshot.clone());
    let kind = state::source_type(model::LocalKind::Snapshot, cluster.plain);
    state.tell(kind, id, "Creating manual cluster snapshot");
    Ok(snapshot)
}

/// Takes the final snapshot of a cluster that is about to be deleted. Returns when the data is copied.
pub(crate) fn final_snapshot(
    cloud: &Arc<LocalCloud>,
    cluster: &LocalCluster,
    id: &str,
) -> Result<(), ServiceError> {
    let snapshot = cloud.change(|state| insert(state, cluster, id, Vec::new()))?;
    snapshot::copy_source(cloud, &snapshot).map_err(|e| ServiceError::internal(&e))?;
    cloud.change(|state| {
        if let Some(found) = state.snapshot(&snapshot.key(), &snapshot.resource_id) {
            (found.status.real, found.percent) = ("available".to_owned(), 100);
        }
    });
    Ok(())
}

pub(crate) fn delete(cloud: &Arc<LocalCloud>, query: &Query, plain: bool) -> ActionOutcome {
    let words = words(plain);
    let id = query.need_name(words.id)?;
    let snapshot = cloud.look(|state| state.find_snapshot(plain, &id).cloned())?;
    let state = snapshot.status.shown();
    if snapshot.automated || !["available", "failed"].contains(&state) {
        let why =
            if snapshot.automated { "automated snapshots cannot be deleted" } else { "it must be available" };
        return Err(ServiceError::new(
            400,
            words.busy,
            format!("The snapshot {id} is in the state {state} and cannot be deleted: {why}."),
        ));
    }
    snapshot::delete_snapshot(cloud, &snapshot);
    let mut gone = snapshot;
    gone.status = model::Status::new("deleted");
    Ok(shown(&gone))
}
