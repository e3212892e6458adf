//! Clusters: described, created empty (for tests), modified, deleted.

use crate::rds_local::cloud;
use crate::rds_local::error;
use crate::rds_local::jobs::cluster;
use crate::rds_local::jobs::password;
use std::sync::Arc;

use jiff::Timestamp;

use super::list::{page, passes};
use super::{Outcome, render};
use crate::engine::{self, MASTER};
use crate::rds_local::cloud::Cloud;
use crate::rds_local::http::query::{Query, Refusal};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::seed::{self, ENGINE, ENGINE_VERSION};
use crate::rds_local::state::home::Secret;
use crate::rds_local::state::model::{Cluster, Origin, Status, resource_id};

/// Days of automated backups.
const RETENTION_DAYS_MAX: u32 = 35;
/// States in which the service deletes a cluster besides `available`, without a final snapshot.
const BROKEN: &[&str] = &[
    "failed",
    "incompatible-restore",
    "incompatible-network",
    "incompatible-parameters",
    "cloning-failed",
    "migration-failed",
];

pub(crate) fn describe(cloud: &Cloud, query: &Query) -> Outcome {
    let filters = query.filters(&["db-cluster-id", "db-cluster-resource-id", "engine", "clone-group-id"])?;
    let id = query.name("DBClusterIdentifier")?;
    cloud.look(|state| {
        if let Some(id) = &id {
            state.find_cluster(id)?;
        }
        let wanted = |c: &&Cluster| {
            !c.plain
                && id.as_ref().is_none_or(|id| *id == c.id)
                && passes(&filters, |name, value| match name {
                    "db-cluster-id" => value == c.id || value == c.arn(),
                    "db-cluster-resource-id" => value == c.resource_id.to_lowercase(),
                    "engine" => value == c.engine,
                    _ => c.clone_group.as_deref() == Some(value),
                })
        };
        let found: Vec<&Cluster> = state.clusters.values().filter(wanted).collect();
        let (found, marker) = page(query, found, |c| c.id.clone())?;
        let mut x = Xml::default();
        x.maybe("Marker", marker);
        x.list("DBClusters", "DBCluster", found, |x, c| render::cluster(x, state, c));
        Ok(x)
    })
}

/// One cluster as the result of an action.
pub(crate) fn shown(cloud: &Cloud, cluster: &Cluster) -> Xml {
    let mut x = Xml::default();
    cloud.look(|state| {
        x.node("DBCluster", |x| render::cluster(x, state, cluster));
    });
    x
}

/// What a new cluster takes from the request; everything else comes from `base`.
pub(crate) fn requested(query: &Query, base: Cluster) -> Result<Cluster, Refusal> {
    let groups = query.list("VpcSecurityGroupIds");
    let capacity = |name: &str| query.parsed::<f64>(&format!("ServerlessV2ScalingConfiguration.{name}"));
    Ok(Cluster {
        id: query.new_name("DBClusterIdentifier")?,
        engine_version: query.text_or("EngineVersion", &base.engine_version),
        port: engine::free_port().map_err(|e| internal(&e))?,
        retention_days: query
            .number("BackupRetentionPeriod", 1, RETENTION_DAYS_MAX)?
            .unwrap_or(base.retention_days),
        deletion_protection: query.flag("DeletionProtection")?,
        subnet_group: query.text_or("DBSubnetGroupName", "default"),
        parameter_group: query.text_or("DBClusterParameterGroupName", "default.aurora-mysql8.0"),
        security_groups: if groups.is_empty() { vec!["sg-0default".to_owned()] } else { groups },
        storage_type: query.text_or("StorageType", "aurora"),
        copy_tags: query.flag("CopyTagsToSnapshot")?,
        iam_authentication: query.flag("EnableIAMDatabaseAuthentication")?,
        capacity: capacity("MinCapacity")?.zip(capacity("MaxCapacity")?),
        tags: query.tags(),
        ..base
    })
}

/// A cluster of nothing.
pub(crate) fn blank(plain: bool) -> Cluster {
    Cluster {
        id: String::new(),
        plain,
        resource_id: resource_id("cluster"),
        engine: ENGINE.to_owned(),
        engine_version: ENGINE_VERSION.to_owned(),
        status: Status::new("creating"),
        port: 0,
        created_at: Timestamp::now(),
        master_user: MASTER.to_owned(),
        password_pending: false,
        password_kept: false,
        deletion_protection: false,
        retention_days: 1,
        subnet_group: String::new(),
        parameter_group: String::new(),
        security_groups: Vec::new(),
        storage_type: String::new(),
        copy_tags: false,
        iam_authentication: false,
        capacity: None,
        replication_source: None,
        clone_group: None,
        origin: Origin::Fresh,
        tags: Vec::new(),
    }
}

/// Something failed on this machine.
pub(crate) fn internal(error: &error::Error) -> Refusal {
    Refusal::new(500, "InternalFailure", error.to_string())
}

/// Puts a new cluster in and starts making it.
pub(crate) fn begin(cloud: &Arc<Cloud>, cluster: Cluster) -> Outcome {
    cloud.change(|state| {
        if state.clusters.contains_key(&cluster.key()) {
            return Err(Refusal::new(400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"));
        }
        state.clusters.insert(cluster.key(), cluster.clone());
        Ok(())
    })?;
    let answer = shown(cloud, &cluster);
    cloud.spawn(move |cloud| cluster::create_cluster(cloud, &cluster));
    Ok(answer)
}

pub(crate) fn create(cloud: &Arc<Cloud>, query: &Query) -> Outcome {
    query.new_name("DBClusterIdentifier")?;
    engine_of(query, ENGINE)?;
    query.need("MasterUsername")?;
    let password = password(query)?.ok_or_else(|| Refusal::combination("A master password is needed"))?;
    let mut cluster = requested(query, blank(false))?;
    cluster.replication_source = query.get("ReplicationSourceIdentifier").map(str::to_owned);
    if cloud.look(|state| state.clusters.contains_key(&cluster.key())) {
        return Err(Refusal::new(400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    let folder = cloud.home.cluster(&cluster.key());
    seed::prepare(&folder, Some(password)).map_err(|e| internal(&e))?;
    begin(cloud, cluster)
}

/// `Engine`, which must be that of the source.
pub(crate) fn engine_of(query: &Query, wanted: &str) -> Result<(), Refusal> {
    match query.need("Engine")? {
        engine if engine == wanted => Ok(()),
        other => Err(Refusal::combination(format!("The engine {other} does not match {wanted}"))),
    }
}

/// `MasterUserPassword`, if there is one and the service would take it.
pub(crate) fn password(query: &Query) -> Result<Option<Secret>, Refusal> {
    let Some(password) = query.get("MasterUserPassword") else { return Ok(None) };
    let printable = password.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if !printable || password.contains(['/', '"', '@']) || !(8..=41).contains(&password.len()) {
        return Err(Refusal::value(
            "The parameter MasterUserPassword is not a valid password. Only 8 to 41 printable ASCII characters besides '/', '@', '\"' may be used.",
        ));
    }
    Ok(Some(Secret(password.to_owned())))
}

pub(crate) fn modify(cloud: &Arc<Cloud>, query: &Query) -> Outcome {
    let id = query.need_name("DBClusterIdentifier")?;
    let new = new_password(query)?;
    let retention = query.number("BackupRetentionPeriod", 1, RETENTION_DAYS_MAX)?;
    let (protection, copy_tags) = (query.parsed("DeletionProtection")?, query.parsed("CopyTagsToSnapshot")?);
    let iam = query.parsed("EnableIAMDatabaseAuthentication")?;
    let found = cloud.look(|state| state.find_cluster(&id).cloned())?;
    if !["available", "resetting-master-credentials"].contains(&found.status.shown()) {
        return Err(unavailable(&found, "modified"));
    }
    if new.is_some() && query.flag("ManageMasterUserPassword")? && found.replication_source.is_some() {
        return Err(Refusal::combination("A read replica has no master password of its own."));
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
        Ok::<_, Refusal>(cluster.clone())
    })?;
    let answer = shown(cloud, &cluster);
    if new.is_some() {
        cloud.spawn(move |cloud| password::reset_password(cloud, &cluster));
    }
    Ok(answer)
}

/// A new master password.
pub(crate) struct NewPassword {
    password: Secret,
    /// The service made it, and keeps it in Secrets Manager.
    pub(crate) kept: bool,
}

/// The master password that a request brings, or lets the service make.
pub(crate) fn new_password(query: &Query) -> Result<Option<NewPassword>, Refusal> {
    match (password(query)?, query.flag("ManageMasterUserPassword")?) {
        (Some(_), true) => Err(Refusal::combination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
        )),
        (Some(password), false) => Ok(Some(NewPassword { password, kept: false })),
        (None, true) => Ok(Some(NewPassword { password: seed::new_secret(), kept: true })),
        (None, false) => Ok(None),
    }
}

/// Keeps a new master password until it is in force.
pub(crate) fn keep_pending(cloud: &Cloud, cluster: &Cluster, new: &NewPassword) -> Result<(), Refusal> {
    let volume = cloud.volume(&cluster.resource_id);
    let _volume = cloud::lock(&volume);
    let mut secrets = cloud.secrets(cluster).map_err(|e| internal(&e))?;
    secrets.pending = Some(new.password.clone());
    secrets.kept = new.kept.then(|| new.password.clone());
    cloud.keep_secrets(cluster, &secrets).map_err(|e| internal(&e))
}

/// The error of an action on a cluster that is busy.
pub(crate) fn unavailable(cluster: &Cluster, deed: &str) -> Refusal {
    let (id, state) = (&cluster.id, cluster.status.shown());
    let message = format!(
        "DB cluster {id} cannot be {deed}: it is not currently in the available state (it is {state})."
    );
    Refusal::new(400, "InvalidDBClusterStateFault", message)
}

pub(crate) fn delete(cloud: &Arc<Cloud>, query: &Query) -> Outcome {
    let id = query.need_name("DBClusterIdentifier")?;
    let skip = query.flag("SkipFinalSnapshot")?;
    let last = query.get("FinalDBSnapshotIdentifier").is_some();
    let before = cloud.look(|state| state.find_cluster(&id).cloned())?;
    if before.deletion_protection {
        return Err(Refusal::combination(
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ));
    }
    if skip == last {
        return Err(Refusal::combination(
            "Exactly one of SkipFinalSnapshot and FinalDBSnapshotIdentifier must be given.",
        ));
    }
    let broken = BROKEN.contains(&before.status.shown());
    if (!broken && !before.status.is("available")) || (broken && last) {
        return Err(unavailable(&before, "deleted"));
    }
    if last {
        // The snapshot is taken from the files; the cluster goes when its volume is free again.
        super::snapshots::final_snapshot(cloud, &before, &query.new_name("FinalDBSnapshotIdentifier")?)?;
    }
    cloud.change(|state| {
        if state.members(&id).iter().any(|member| !member.status.is("deleting")) {
            return Err(Refusal::new(
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
    // The real one still says what the state was before.
    Ok(shown(cloud, &before))
}
