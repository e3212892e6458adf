//! The actions that stop and start clusters and plain instances. A stopped cluster must be started before it or one of its
//! instances can be deleted.

use std::sync::Arc;

use super::render::{self, ActionOutcome};
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::jobs::power;
use crate::rds_local::state::model::LocalCluster;

/// Returns the cluster that the request names, or the hidden cluster of the plain instance that it names.
fn named(cloud: &LocalCloud, query: &Query, plain: bool) -> Result<LocalCluster, ServiceError> {
    if !plain {
        let id = query.need_name("DBClusterIdentifier")?;
        return cloud.look(|state| state.find_cluster(&id).cloned());
    }
    let id = query.need_name("DBInstanceIdentifier")?;
    cloud.look(|state| {
        let instance = state.find_instance(&id)?.clone();
        if !instance.plain {
            return Err(ServiceError::combination(
                "The specified DB instance is a member of a DB cluster: stop or start the DB cluster instead.",
            ));
        }
        let missing = || ServiceError::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found."));
        state.clusters.get(&instance.cluster).cloned().ok_or_else(missing)
    })
}

/// Returns the state that callers see: for a hidden cluster that of its plain instance.
fn status(cloud: &LocalCloud, cluster: &LocalCluster) -> String {
    let of_instance =
        || cloud.look(|state| state.instances.get(&cluster.id).map(|found| found.status.shown().to_owned()));
    let status = if cluster.plain { of_instance() } else { None };
    status.unwrap_or_else(|| cluster.status.shown().to_owned())
}

fn change(
    cloud: &Arc<LocalCloud>,
    query: &Query,
    plain: bool,
    (from, to): (&str, &str),
) -> Result<LocalCluster, ServiceError> {
    let cluster = named(cloud, query, plain)?;
    let status = status(cloud, &cluster);
    if status != from {
        let code = if plain { "InvalidDBInstanceState" } else { "InvalidDBClusterStateFault" };
        let message = format!("{} is not currently in the {from} state (it is {status}).", cluster.id);
        return Err(ServiceError::new(400, code, message));
    }
    power::show_power(cloud, &cluster, to);
    Ok(cluster)
}

fn answer(cloud: &LocalCloud, cluster: &LocalCluster) -> ActionOutcome {
    if cluster.plain {
        let instance = cloud.look(|state| state.find_instance(&cluster.id).cloned())?;
        return Ok(render::shown_instance(cloud, &instance));
    }
    let cluster = cloud.look(|state| state.find_cluster(&cluster.id).cloned())?;
    Ok(render::shown_cluster(cloud, &cluster))
}

pub(crate) fn stop(cloud: &Arc<LocalCloud>, query: &Query, plain: bool) -> ActionOutcome {
    let cluster = change(cloud, query, plain, ("available", "stopping"))?;
    let answer = answer(cloud, &cluster);
    cloud.spawn(move |cloud| power::stop_cluster(cloud, &cluster));
    answer
}

pub(crate) fn start(cloud: &Arc<LocalCloud>, query: &Query, plain: bool) -> ActionOutcome {
    let cluster = change(cloud, query, plain, ("stopped", "starting"))?;
    let answer = answer(cloud, &cluster);
    cloud.spawn(move |cloud| power::start_cluster(cloud, &cluster));
    answer
}
