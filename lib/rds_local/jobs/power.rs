//! Jobs that stop and start the server of a cluster or a plain instance. The data stays.

use std::sync::Arc;

use super::instance::start_server;
use crate::rds_local::cloud::{LocalCloud, Stop, lock};
use crate::rds_local::faults::delays::DelayedStep;
use crate::rds_local::state::LocalState;
use crate::rds_local::state::model::{LocalCluster, LocalKind, Status};

/// Waits for the configured delay, then stops the server of a cluster.
pub(crate) fn stop_cluster(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) -> Result<(), Stop> {
    dwell(cloud, cluster, "stopping")?;
    let volume = cloud.volume(&cluster.resource_id);
    let server = lock(&volume).server.take();
    if let Some(server) = server {
        server.stop();
    }
    show_power(cloud, cluster, "stopped");
    Ok(())
}

/// Waits for the configured delay, then starts the server of a stopped cluster.
pub(crate) fn start_cluster(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) -> Result<(), Stop> {
    dwell(cloud, cluster, "starting")?;
    let started = start_server(cloud, &cluster.key());
    if let Err(error) = &started {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: cluster {}: {error}", cluster.id));
    }
    show_power(cloud, cluster, if started.is_ok() { "available" } else { "failed" });
    Ok(())
}

fn dwell(cloud: &LocalCloud, cluster: &LocalCluster, underway: &str) -> Result<(), Stop> {
    let kind = if cluster.plain { LocalKind::Instance } else { LocalKind::Cluster };
    let there = |state: &mut LocalState| {
        state.cluster(&cluster.key(), &cluster.resource_id).is_some_and(|c| c.status.real == underway)
    };
    cloud.dwell((kind, &cluster.id), DelayedStep::Instance, there, |_, _| {})
}

/// Sets the real state of a cluster and of its instances, but for those being deleted. Removes a state that a fault shows
/// instead.
pub(crate) fn show_power(cloud: &LocalCloud, cluster: &LocalCluster, state: &str) {
    cloud.change(|all| {
        let Some(found) = all.cluster(&cluster.key(), &cluster.resource_id) else { return };
        found.status = Status::new(state);
        let members = all.instances.values_mut().filter(|member| member.cluster == cluster.key());
        for member in members.filter(|member| member.status.real != "deleting") {
            member.status = Status::new(state);
        }
    });
}
