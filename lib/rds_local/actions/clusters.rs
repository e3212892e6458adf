//! The actions that describe, create (empty, for tests), modify and delete clusters.

use std::sync::Arc;

use super::render::{self, ActionOutcome};
use super::requested::{self, NewPassword, RETENTION_DAYS_MAX};
use super::snapshots;
use crate::rds_local::cloud::{self, LocalCloud};
use crate::rds_local::http::list::{page, passes};
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::jobs::{cluster, password};
use crate::rds_local::seed::{self, ENGINE};
use crate::rds_local::state::model::{LocalCluster, Status};
use crate::rds_local::state::unavailable;

/// States besides `available` in which a cluster may be deleted, but only without a final snapshot.
const BROKEN: &[&str] = &[
    "failed",
    "incompatible-restore",
    "incompatible-network",
    "incompatible-parameters",
    "cloning-failed",
    "migration-failed",
];

pub(crate) fn describe(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let filters = query.filters(&["db-cluster-id", "db-cluster-resource-id", "engine", "clone-group-id"])?;
    let id = query.name("DBClusterIdentifier")?;
    cloud.look(|state| {
        if let Some(id) = &id {
            state.find_cluster(id)?;
        }
        let wanted = |c: &&LocalCluster| {
            !c.plain
                && id.as_ref().is_none_or(|id| *id == c.id)
                && passes(&filters, |name, value| match name {
                    "db-cluster-id" => value == c.id || value == c.arn(),
                    "db-cluster-resource-id" => value == c.resource_id.to_lowercase(),
                    "engine" => value == c.engine,
                    _ => c.clone_group.as_deref() == Some(value),
                })
        };
        let found: Vec<&LocalCluster> = state.clusters.values().filter(wanted).collect();
        let (found, marker) = page(query, found, |c| c.id.clone())?;
        let mut x = Xml::default();
        x.maybe("Marker", marker);
        x.list("DBClusters", "DBCluster", found, |x, c| render::cluster(x, state, c));
        Ok(x)
    })
}

/// Adds a new cluster to the state and starts the job that makes it. Fails if its name is taken.
pub(crate) fn begin(cloud: &Arc<LocalCloud>, cluster: LocalCluster) -> ActionOutcome {
    cloud.change(|state| {
        if state.clusters.contains_key(&cluster.key()) {
            return Err(ServiceError::new(400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"));
        }
        state.clusters.insert(cluster.key(), cluster.clone());
        Ok(())
    })?;
    let answer = render::shown_cluster(cloud, &cluster);
    cloud.spawn(move |cloud| cluster::create_cluster(cloud, &cluster));
    Ok(answer)
}

pub(crate) fn create(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    query.new_name("DBClusterIdentifier")?;
    query.need_engine(ENGINE)?;
    query.need("MasterUsername")?;
    let password = requested::password(query)?
        .ok_or_else(|| ServiceError::combination("A master password is needed"))?;
    let mut cluster = requested::cluster(query, requested::blank(false))?;
    cluster.replication_source = query.get("ReplicationSourceIdentifier").map(str::to_owned);
    if cloud.look(|state| state.clusters.contains_key(&cluster.key())) {
        return Err(ServiceError::new(400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    let folder = cloud.home.cluster(&cluster.key());
    seed::prepare(&folder, Some(password)).map_err(|e| ServiceError::internal(&e))?;
    begin(cloud, cluster)
}

pub(crate) fn modify(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.need_name("DBClusterIdentifier")?;
    let new = requested::new_password(query)?;
    let retention = query.number("BackupRetentionPeriod", 1, RETENTION_DAYS_MAX)?;
    let (protection, copy_tags) = (query.parsed("DeletionProtection")?, query.parsed("CopyTagsToSnapshot")?);
    let iam = query.parsed("EnableIAMDatabaseAuthentication")?;
    let found = cloud.look(|state| state.find_cluster(&id).cloned())?;
    if !["available", "resetting-master-credentials"].contains(&found.status.shown()) {
        return Err(unavailable(&found, "modified"));
    }
    if new.is_some() && query.flag("ManageMasterUserPassword")? && found.replication_source.is_some() {
        return Err(ServiceError::combination("A read replica has no master password of its own."));
    }
    if let Some(new) = &new {
        keep_pending(cloud, &found, new)?;
    }
    let cluster = cloud.change(|state| {
        let cluster = state.find_cluster(&id)?;
        cluster.password_pending |= new.is_some();
        cluster.password_kept = new.as_ref().map_or(cluster.password_kept, |new| new.kept);
        cluster.deletion_protection = protection.unwrap_or(cluster.deletion_protection);
        cluster.retention_days = retention.unwrap_or(cluster.retention_days);
        cluster.copy_tags = copy_tags.unwrap_or(cluster.copy_tags);
        cluster.iam_authentication = iam.unwrap_or(cluster.iam_authentication);
        cluster.parameter_group = query.text_or("DBClusterParameterGroupName", &cluster.parameter_group);
        Ok::<_, ServiceError>(cluster.clone())
    })?;
    let answer = render::shown_cluster(cloud, &cluster);
    if new.is_some() {
        cloud.spawn(move |cloud| password::reset_password(cloud, &cluster));
    }
    Ok(answer)
}

/// Writes a new master password to the cluster's secrets, as pending until it is set on the server.
pub(crate) fn keep_pending(
    cloud: &LocalCloud,
    cluster: &LocalCluster,
    new: &NewPassword,
) -> Result<(), ServiceError> {
    let volume = cloud.volume(&cluster.resource_id);
    let _volume = cloud::lock(&volume);
    let mut secrets = cloud.secrets(cluster).map_err(|e| ServiceError::internal(&e))?;
    secrets.pending = Some(new.password.clone());
    secrets.kept = new.kept.then(|| new.password.clone());
    cloud.keep_secrets(cluster, &secrets).map_err(|e| ServiceError::internal(&e))
}

pub(crate) fn delete(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.need_name("DBClusterIdentifier")?;
    let skip = query.flag("SkipFinalSnapshot")?;
    let last = query.get("FinalDBSnapshotIdentifier").is_some();
    let before = cloud.look(|state| state.find_cluster(&id).cloned())?;
    if before.deletion_protection {
        return Err(ServiceError::combination(
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ));
    }
    if skip == last {
        return Err(ServiceError::combination(
            "Exactly one of SkipFinalSnapshot and FinalDBSnapshotIdentifier must be given.",
        ));
    }
    let broken = BROKEN.contains(&before.status.shown());
    if (!broken && !before.status.is("available")) || (broken && last) {
        return Err(unavailable(&before, "deleted"));
    }
    if last {
        // The data is copied before this returns, so the deletion below cannot come too early.
        snapshots::final_snapshot(cloud, &before, &query.new_name("FinalDBSnapshotIdentifier")?)?;
    }
    cloud.change(|state| {
        if state.members(&id).iter().any(|member| !member.status.is("deleting")) {
            return Err(ServiceError::new(
                400,
                "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            ));
        }
        state.find_cluster(&id)?.status = Status::new("deleting");
        Ok(())
    })?;
    let cluster = before.clone();
    cloud.spawn(move |cloud| cluster::delete_cluster(cloud, &cluster));
    // The answer has the state before the deletion, as with the real service.
    Ok(render::shown_cluster(cloud, &before))
}
