//! Actions on plain RDS instances, which belong to no visible cluster: each has a hidden cluster of its own.

use std::sync::Arc;

use super::clusters::keep_pending;
use super::render::{ActionOutcome, shown_instance};
use super::requested::{self, RETENTION_DAYS_MAX, blank, new_password, password};
use super::snapshots;
use crate::engine;
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::jobs::instance;
use crate::rds_local::jobs::password::reset_password;
use crate::rds_local::seed;
use crate::rds_local::state::instance_exists;
use crate::rds_local::state::model::{ClusterOrigin, LocalCluster, LocalInstance};

/// Makes the hidden cluster of a new plain instance from the request; other values come from `base`.
fn hidden(
    cloud: &LocalCloud,
    query: &Query,
    id: &str,
    base: LocalCluster,
) -> Result<LocalCluster, ServiceError> {
    let groups = query.list("VpcSecurityGroupIds");
    Ok(LocalCluster {
        id: id.to_owned(),
        engine: cloud.home.program.brand.word().to_owned(),
        engine_version: query.text_or("EngineVersion", &cloud.home.program.version),
        port: engine::free_port().map_err(|e| ServiceError::internal(&e))?,
        retention_days: query
            .number("BackupRetentionPeriod", 0, RETENTION_DAYS_MAX)?
            .unwrap_or(base.retention_days),
        deletion_protection: query.flag("DeletionProtection")?,
        subnet_group: query.text_or("DBSubnetGroupName", "default"),
        security_groups: if groups.is_empty() { vec!["sg-0default".to_owned()] } else { groups },
        copy_tags: query.flag("CopyTagsToSnapshot")?,
        ..base
    })
}

fn begin(cloud: &Arc<LocalCloud>, cluster: LocalCluster, instance: LocalInstance) -> ActionOutcome {
    cloud.change(|state| {
        if state.instances.contains_key(&instance.id) {
            return Err(instance_exists());
        }
        state.clusters.insert(cluster.key(), cluster);
        state.instances.insert(instance.id.clone(), instance.clone());
        Ok(())
    })?;
    let answer = shown_instance(cloud, &instance);
    cloud.spawn(move |cloud| instance::create_plain(cloud, &instance));
    Ok(answer)
}

pub(crate) fn create(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.new_name("DBInstanceIdentifier")?;
    query.need_engine(cloud.home.program.brand.word())?;
    let password = password(query)?;
    let password = password.ok_or_else(|| ServiceError::combination("A master password is needed"))?;
    if cloud.look(|state| state.instances.contains_key(&id)) {
        return Err(instance_exists());
    }
    let mut cluster = hidden(cloud, query, &id, blank(true))?;
    cluster.tags = query.tags();
    seed::prepare(&cloud.home.cluster(&cluster.key()), Some(password))
        .map_err(|e| ServiceError::internal(&e))?;
    let instance = requested::instance(query, &id, &cluster.key(), true)?;
    begin(cloud, cluster, instance)
}

pub(crate) fn restore(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.new_name("DBInstanceIdentifier")?;
    let from = query.need_name("DBSnapshotIdentifier")?;
    let snapshot = cloud.look(|state| state.find_snapshot(true, &from).cloned())?;
    if !snapshot.status.is("available") {
        let message = format!("The snapshot {from} is not in the available state.");
        return Err(ServiceError::new(400, "InvalidDBSnapshotState", message));
    }
    let base = LocalCluster {
        master_user: snapshot.master_user.clone(),
        retention_days: snapshot.retention_days,
        origin: ClusterOrigin::Snapshot(snapshot.key()),
        ..blank(true)
    };
    let cluster = hidden(cloud, query, &id, base)?;
    let instance = requested::instance(query, &id, &cluster.key(), true)?;
    begin(cloud, cluster, instance)
}

/// Restores the present data of the source, since no history is kept. Fails if the request names a time.
pub(crate) fn to_point_in_time(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.new_name("TargetDBInstanceIdentifier")?;
    let from = query.need_name("SourceDBInstanceIdentifier")?;
    if !query.flag("UseLatestRestorableTime")? || query.get("RestoreTime").is_some() {
        let message = "rds-local keeps no history: only UseLatestRestorableTime is possible.";
        return Err(ServiceError::combination(message));
    }
    let (source, instance) = cloud.look(|state| {
        let instance = state.find_instance(&from)?.clone();
        Ok::<_, ServiceError>((state.clusters.get(&instance.cluster).cloned(), instance))
    })?;
    let Some(source) = source.filter(|source| source.plain) else {
        return Err(ServiceError::combination("The source DB instance is a member of a DB cluster."));
    };
    if ["creating", "deleting", "failed"].contains(&instance.status.shown()) {
        let message = format!("Instance {from} is not currently in the available state.");
        return Err(ServiceError::new(400, "InvalidDBInstanceState", message));
    }
    let base = LocalCluster {
        master_user: source.master_user.clone(),
        retention_days: source.retention_days,
        origin: ClusterOrigin::Cluster(source.key()),
        ..blank(true)
    };
    let cluster = hidden(cloud, query, &id, base)?;
    let instance = requested::instance(query, &id, &cluster.key(), true)?;
    begin(cloud, cluster, instance)
}

pub(crate) fn modify(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.need_name("DBInstanceIdentifier")?;
    let new = new_password(query)?;
    let retention = query.number("BackupRetentionPeriod", 0, RETENTION_DAYS_MAX)?;
    let protection: Option<bool> = query.parsed("DeletionProtection")?;
    let instance = cloud.look(|state| state.find_instance(&id).cloned())?;
    if !instance.plain && (new.is_some() || retention.is_some() || protection.is_some()) {
        return Err(ServiceError::combination(
            "The specified DB instance is a member of a DB cluster: modify the DB cluster instead.",
        ));
    }
    if !instance.status.is("available") {
        let message = format!("Instance {id} is not currently in the available state.");
        return Err(ServiceError::new(400, "InvalidDBInstanceState", message));
    }
    let cluster = cloud.look(|state| state.clusters.get(&instance.cluster).cloned());
    let cluster = cluster
        .ok_or_else(|| ServiceError::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found.")))?;
    if let Some(new) = &new {
        keep_pending(cloud, &cluster, new)?;
    }
    cloud.change(|state| {
        if let Some(found) = state.cluster(&cluster.key(), &cluster.resource_id) {
            found.password_pending |= new.is_some();
            found.password_kept = new.as_ref().map_or(found.password_kept, |new| new.kept);
            found.retention_days = retention.unwrap_or(found.retention_days);
            found.deletion_protection = protection.unwrap_or(found.deletion_protection);
        }
        if let Some(found) = state.instance(&id, &instance.resource_id) {
            found.class = query.text_or("DBInstanceClass", &found.class);
        }
    });
    let answer = shown_instance(cloud, &instance);
    if new.is_some() {
        cloud.spawn(move |cloud| reset_password(cloud, &cluster));
    }
    Ok(answer)
}

/// Fails if a plain instance may not be deleted. Takes the final snapshot if the request names one.
pub(crate) fn may_delete(
    cloud: &Arc<LocalCloud>,
    query: &Query,
    cluster: Option<&LocalCluster>,
    skip: bool,
    last: bool,
) -> Result<(), ServiceError> {
    let Some(cluster) = cluster else { return Ok(()) };
    if cluster.deletion_protection {
        return Err(ServiceError::combination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        ));
    }
    if skip == last {
        return Err(ServiceError::combination(
            "Exactly one of SkipFinalSnapshot and FinalDBSnapshotIdentifier must be given.",
        ));
    }
    if last {
        snapshots::final_snapshot(cloud, cluster, &query.new_name("FinalDBSnapshotIdentifier")?)?;
    }
    Ok(())
}
