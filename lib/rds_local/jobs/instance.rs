//! Jobs that make and delete instances. The first instance of a cluster starts its server; deleting the last one stops it.

use std::sync::Arc;

use super::cluster::{create_cluster, remove_cluster};
use super::vanish;
use crate::rds_local::cloud::{LocalCloud, Stop, lock};
use crate::rds_local::error::Error;
use crate::rds_local::faults::delays::DelayedStep;
use crate::rds_local::state::LocalState;
use crate::rds_local::state::model::{LocalInstance, LocalKind};

/// Starts the cluster's server if none runs, then waits for the configured delay. Meanwhile the instance goes through the states
/// that RDS shows.
pub(crate) fn create_instance(cloud: &Arc<LocalCloud>, instance: &LocalInstance) -> Result<(), Stop> {
    let (id, resource) = (instance.id.as_str(), instance.resource_id.as_str());
    let started = start_server(cloud, &instance.cluster);
    if let Err(error) = &started {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: instance {id}: {error}"));
    }
    let alive =
        |state: &mut LocalState| state.instance(id, resource).is_some_and(|i| i.status.real != "deleting");
    cloud.dwell((LocalKind::Instance, id), DelayedStep::Instance, alive, |cloud, share| {
        let phase = match share {
            s if s < 0.7 => "creating",
            s if s < 0.85 => "configuring-enhanced-monitoring",
            _ => "modifying",
        };
        if cloud.look(|found| found.instance(id, resource).is_some_and(|i| i.status.real != phase)) {
            cloud.change(|found| found.instance(id, resource).map(|i| phase.clone_into(&mut i.status.real)));
        }
    })?;
    let failure = cloud.faults().failure(LocalKind::Instance, id);
    let failure = failure.or_else(|| started.is_err().then(|| "failed".to_owned()));
    cloud.change(|state| {
        let Some(found) = state.instance(id, resource).filter(|i| i.status.real != "deleting") else {
            return;
        };
        found.status.real = failure.clone().unwrap_or_else(|| "available".to_owned());
        let message = if failure.is_some() { "DB instance creation failed" } else { "DB instance created" };
        state.tell("db-instance", id, message);
    });
    Ok(())
}

/// Makes a plain instance: first the hidden cluster that holds its data, then the instance.
pub(crate) fn create_plain(cloud: &Arc<LocalCloud>, instance: &LocalInstance) -> Result<(), Stop> {
    let hidden_cluster = cloud.look(|state| state.clusters.get(&instance.cluster).cloned()).ok_or(Stop)?;
    if hidden_cluster.status.real == "creating" {
        create_cluster(cloud, &hidden_cluster)?;
    }
    create_instance(cloud, instance)
}

/// Starts the server of a cluster, unless the cluster or its last instance is gone.
pub(crate) fn start_server(cloud: &LocalCloud, key: &str) -> Result<(), Error> {
    let Some(cluster) = cloud.look(|state| state.clusters.get(key).cloned()) else { return Ok(()) };
    let volume = cloud.volume(&cluster.resource_id);
    let mut volume = lock(&volume);
    // The instance may have been deleted while this waited for the volume.
    let wanted = cloud.look(|state| state.members(key).iter().any(|member| member.status.real != "deleting"));
    if wanted { cloud.start(&cluster, &mut volume) } else { Ok(()) }
}

/// Waits for the configured delay of a deletion, then removes the instance. Stops the server with the cluster's last instance.
pub(crate) fn delete_instance(cloud: &Arc<LocalCloud>, instance: &LocalInstance) -> Result<(), Stop> {
    let (id, resource) = (instance.id.as_str(), instance.resource_id.as_str());
    cloud.dwell(
        (LocalKind::Instance, id),
        DelayedStep::Delete,
        |state| state.instance(id, resource).is_some(),
        |_, _| {},
    )?;
    let cluster = cloud.look(|state| state.clusters.get(&instance.cluster).cloned());
    if let Some(cluster) = &cluster {
        let volume = cloud.volume(&cluster.resource_id);
        let mut volume = lock(&volume);
        let last = cloud.look(|state| {
            state.members(&instance.cluster).iter().all(|i| i.id == id || i.status.real == "deleting")
        });
        if last && let Some(server) = volume.server.take() {
            server.stop();
        }
    }
    let folder = cloud.home.instance(id);
    vanish(cloud, &folder, |state| {
        state.instances.remove(id);
        if instance.writer {
            promote(state, &instance.cluster);
        }
        state.tell("db-instance", id, "DB instance deleted");
    });
    match cluster {
        Some(cluster) if cluster.plain => remove_cluster(cloud, &cluster),
        _ => {}
    }
    Ok(())
}

fn promote(state: &mut LocalState, cluster: &str) {
    let next = state.instances.values_mut().find(|i| i.cluster == cluster && i.status.real != "deleting");
    if let Some(next) = next {
        next.writer = true;
    }
}
