//! The actions that describe, create (in a cluster or plain) and delete instances.

use std::sync::Arc;

use super::render::{self, ActionOutcome};
use super::{plain, requested};
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::list::{page, passes};
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::jobs::instance;
use crate::rds_local::state::model::{LocalCluster, LocalInstance, Status};
use crate::rds_local::state::{instance_exists, unavailable};

pub(crate) fn describe(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let filters = query.filters(&["db-cluster-id", "db-instance-id", "dbi-resource-id", "engine"])?;
    let id = query.name("DBInstanceIdentifier")?;
    cloud.look(|state| {
        if let Some(id) = &id {
            state.find_instance(id)?;
        }
        let wanted = |i: &&LocalInstance| {
            let cluster = state.clusters.get(&i.cluster);
            id.as_ref().is_none_or(|id| *id == i.id)
                && passes(&filters, |name, value| match name {
                    "db-cluster-id" => {
                        cluster.is_some_and(|c| !c.plain && (value == c.id || value == c.arn()))
                    }
                    "db-instance-id" => value == i.id || value == i.arn(),
                    "dbi-resource-id" => value == i.resource_id.to_lowercase(),
                    _ => cluster.is_some_and(|c| value == c.engine),
                })
        };
        let found: Vec<&LocalInstance> = state.instances.values().filter(wanted).collect();
        let (found, marker) = page(query, found, |i| i.id.clone())?;
        let mut x = Xml::default();
        x.maybe("Marker", marker);
        x.list("DBInstances", "DBInstance", found, |x, i| render::instance(x, state, i));
        Ok(x)
    })
}

pub(crate) fn create(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.new_name("DBInstanceIdentifier")?;
    let class = query.need("DBInstanceClass")?.to_owned();
    query.need("Engine")?;
    let Some(cluster) = query.name("DBClusterIdentifier")? else { return plain::create(cloud, query) };
    let mut instance = requested::instance(query, &id, &cluster, false)?;
    if query.get("MasterUserPassword").is_some() {
        return Err(ServiceError::combination("The master password of Aurora belongs to the cluster"));
    }
    cloud.change(|state| {
        let found = state.find_cluster(&cluster)?.clone();
        query.need_engine(&found.engine)?;
        if state.instances.contains_key(&instance.id) {
            return Err(instance_exists());
        }
        if !found.status.is("available") {
            return Err(unavailable(&found, "given an instance"));
        }
        if class == "db.serverless" && found.capacity.is_none() {
            let message = "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.";
            return Err(ServiceError::new(400, "InvalidDBClusterStateFault", message));
        }
        instance.writer = !state.members(&cluster).iter().any(|i| i.writer && i.status.real != "deleting");
        state.instances.insert(instance.id.clone(), instance.clone());
        Ok(())
    })?;
    let answer = render::shown_instance(cloud, &instance);
    cloud.spawn(move |cloud| instance::create_instance(cloud, &instance));
    Ok(answer)
}

pub(crate) fn delete(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    let id = query.need_name("DBInstanceIdentifier")?;
    let skip = query.flag("SkipFinalSnapshot")?;
    let last = query.get("FinalDBSnapshotIdentifier").is_some();
    let (instance, cluster) = cloud.look(|state| {
        let instance = state.find_instance(&id)?.clone();
        let cluster = state.clusters.get(&instance.cluster).cloned();
        Ok::<_, ServiceError>((instance, cluster))
    })?;
    if instance.status.is("deleting") {
        let message = format!("Instance {id} is already being deleted.");
        return Err(ServiceError::new(400, "InvalidDBInstanceState", message));
    }
    let off = |c: &LocalCluster| ["stopping", "stopped", "starting"].contains(&c.status.shown());
    if let Some(cluster) = cluster.as_ref().filter(|c| !c.plain && off(c)) {
        return Err(unavailable(cluster, "stripped of its instances"));
    }
    if instance.plain {
        plain::may_delete(cloud, query, cluster.as_ref(), skip, last)?;
    }
    let instance = cloud.change(|state| {
        let others = state.members(&instance.cluster).into_iter().filter(|i| i.id != id);
        let alone = others.filter(|i| !i.status.is("deleting")).count() == 0;
        if alone && !instance.plain && cluster.is_some_and(|c| c.replication_source.is_some()) {
            let message = "Cannot delete the last instance of the read replica DB cluster. Promote the DB cluster to a standalone DB cluster first.";
            return Err(ServiceError::new(400, "InvalidDBClusterStateFault", message));
        }
        let found = state.find_instance(&id)?;
        found.status = Status::new("deleting");
        Ok(found.clone())
    })?;
    let answer = render::shown_instance(cloud, &instance);
    cloud.spawn(move |cloud| instance::delete_instance(cloud, &instance));
    Ok(answer)
}
