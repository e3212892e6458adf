//! Stopping and starting clusters and plain instances. What is stopped has to be started before it can be deleted.

use std::sync::Arc;

use super::render::{self, Outcome};
use crate::rds_local::cloud::Cloud;
use crate::rds_local::http::query::{Query, Refusal};
use crate::rds_local::jobs::power;
use crate::rds_local::state::model::Cluster;

/// What is named: a cluster, or a plain instance by its hidden one.
fn named(cloud: &Cloud, query: &Query, plain: bool) -> Result<Cluster, Refusal> {
    if !plain {
        let id = query.need_name("DBClusterIdentifier")?;
        return cloud.look(|state| state.find_cluster(&id).cloned());
    }
    let id = query.need_name("DBInstanceIdentifier")?;
    cloud.look(|state| {
        let instance = state.find_instance(&id)?.clone();
        if !instance.plain {
            return Err(Refusal::combination(
                "The specified DB instance is a member of a DB cluster: stop or start the DB cluster instead.",
            ));
        }
        let missing = || Refusal::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found."));
        state.clusters.get(&instance.cluster).cloned().ok_or_else(missing)
    })
}

/// What callers see of it, for a cluster as for a plain instance.
fn status(cloud: &Cloud, cluster: &Cluster) -> String {
    let of_instance =
        || cloud.look(|state| state.instances.get(&cluster.id).map(|found| found.status.shown().to_owned()));
    let status = if cluster.plain { of_instance() } else { None };
    status.unwrap_or_else(|| cluster.status.shown().to_owned())
}

fn change(
    cloud: &Arc<Cloud>,
    query: &Query,
    plain: bool,
    (from, to): (&str, &str),
) -> Result<Cluster, Refusal> {
    let cluster = named(cloud, query, plain)?;
    let status = status(cloud, &cluster);
    if status != from {
        let code = if plain { "InvalidDBInstanceState" } else { "InvalidDBClusterStateFault" };
        let message = format!("{} is not currently in the {from} state (it is {status}).", cluster.id);
        return Err(Refusal::new(400, code, message));
    }
    power::show_power(cloud, &cluster, to);
    Ok(cluster)
}

fn answer(cloud: &Cloud, cluster: &Cluster) -> Outcome {
    if cluster.plain {
        let instance = cloud.look(|state| state.find_instance(&cluster.id).cloned())?;
        return Ok(render::shown_instance(cloud, &instance));
    }
    let cluster = cloud.look(|state| state.find_cluster(&cluster.id).cloned())?;
    Ok(render::shown_cluster(cloud, &cluster))
}

pub(crate) fn stop(cloud: &Arc<Cloud>, query: &Query, plain: bool) -> Outcome {
    let cluster = change(cloud, query, plain, ("available", "stopping"))?;
    let answer = answer(cloud, &cluster);
    cloud.spawn(move |cloud| power::stop_cluster(cloud, &cluster));
    answer
}

pub(crate) fn start(cloud: &Arc<Cloud>, query: &Query, plain: bool) -> Outcome {
    let cluster = change(cloud, query, plain, ("stopped", "starting"))?;
    let answer = answer(cloud, &cluster);
    cloud.spawn(move |cloud| power::start_cluster(cloud, &cluster));
    answer
}
