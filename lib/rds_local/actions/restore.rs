//! The actions that make a cluster from a snapshot, or from the live data of another cluster.

use std::sync::Arc;

use super::clusters::begin;
use super::render::ActionOutcome;
use super::requested::{self, blank};
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::state::model::{ClusterOrigin, LocalCluster, resource_id};
use crate::rds_local::state::unavailable;

pub(crate) fn from_snapshot(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    query.new_name("DBClusterIdentifier")?;
    refuse_passwords(query)?;
    query.need("Engine")?;
    let id = query.need_name("SnapshotIdentifier")?;
    let snapshot = cloud.look(|state| state.find_snapshot(false, &id).cloned())?;
    query.need_engine(&snapshot.engine)?;
    if !snapshot.status.is("available") {
        return Err(ServiceError::new(
            400,
            "InvalidDBClusterSnapshotStateFault",
            format!("The snapshot {id} is not in the available state (it is {}).", snapshot.status.shown()),
        ));
    }
    if !snapshot.data {
        let message = format!("The snapshot {id} is a record without data, made by rds-local fault.");
        return Err(ServiceError::new(400, "InvalidRestoreFault", message));
    }
    // Values that the request leaves out are RDS's defaults, except the days of backups: those are the snapshot's.
    let base = LocalCluster {
        engine: snapshot.engine.clone(),
        master_user: snapshot.master_user.clone(),
        retention_days: snapshot.retention_days,
        origin: ClusterOrigin::Snapshot(snapshot.key()),
        ..blank(false)
    };
    begin(cloud, requested::cluster(query, base)?)
}

pub(crate) fn to_point_in_time(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    query.new_name("DBClusterIdentifier")?;
    refuse_passwords(query)?;
    let id = query.need_name("SourceDBClusterIdentifier")?;
    let clone = match query.get("RestoreType") {
        None | Some("full-copy") => false,
        Some("copy-on-write") => true,
        Some(other) => return Err(ServiceError::value(format!("Invalid value {other} for RestoreType"))),
    };
    let latest = query.flag("UseLatestRestorableTime")?;
    match (latest, query.get("RestoreToTime")) {
        (true, None) => {}
        (false, Some(_)) if clone => {
            return Err(ServiceError::combination(
                "RestoreToTime cannot be given when RestoreType is copy-on-write.",
            ));
        }
        (false, Some(_)) => {
            let message = "rds-local keeps no history: only UseLatestRestorableTime is possible.";
            return Err(ServiceError::combination(message));
        }
        _ => {
            return Err(ServiceError::combination(
                "Exactly one of RestoreToTime and UseLatestRestorableTime is needed.",
            ));
        }
    }
    let (source, members) = cloud.look(|state| {
        let members = state.members(&id).len();
        state.find_cluster(&id).cloned().map(|source| (source, members))
    })?;
    if clone && members == 0 {
        return Err(unavailable(&source, "cloned without a DB instance"));
    }
    if ["creating", "deleting", "failed"].contains(&source.status.shown()) {
        return Err(unavailable(&source, "restored"));
    }
    let group = source.clone_group.clone().unwrap_or_else(|| resource_id("clone").to_lowercase());
    let base = LocalCluster {
        engine: source.engine.clone(),
        engine_version: source.engine_version.clone(),
        master_user: source.master_user.clone(),
        retention_days: source.retention_days,
        origin: ClusterOrigin::Cluster(source.key()),
        clone_group: clone.then(|| group.clone()),
        ..blank(false)
    };
    let cluster = requested::cluster(query, base)?;
    let answer = begin(cloud, cluster)?;
    if clone {
        cloud.change(|state| {
            if let Some(found) = state.cluster(&source.key(), &source.resource_id) {
                found.clone_group = Some(group);
            }
        });
    }
    Ok(answer)
}

/// Refuses a master user or password: RDS takes none in a restore, so every restored copy has production's password at first.
fn refuse_passwords(query: &Query) -> Result<(), ServiceError> {
    let found = ["MasterUserPassword", "ManageMasterUserPassword", "MasterUsername"]
        .into_iter()
        .find(|name| query.get(name).is_some());
    match found {
        Some(name) => Err(ServiceError::value(format!("{name} is no parameter of this action"))),
        None => Ok(()),
    }
}
