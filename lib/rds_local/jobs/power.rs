//! Stopping and starting: the data stays, the server goes and comes.

use std::sync::Arc;

use super::instance::start_server;
use crate::rds_local::cloud::{Cloud, Stop, lock};
use crate::rds_local::faults::delays::Step;
use crate::rds_local::state::State;
use crate::rds_local::state::model::{Cluster, Kind, Status};

/// Stops the server.
pub(crate) fn stop_cluster(cloud: &Arc<Cloud>, cluster: &Cluster) -> Result<(), Stop> {
    dwell(cloud, cluster, "stopping")?;
    let volume = cloud.volume(&cluster.resource_id);
    let server = lock(&volume).server.take();
    if let Some(server) = server {
        server.stop();
    }
    show_power(cloud, cluster, "stopped");
    Ok(())
}

/// Starts it again.
pub(crate) fn start_cluster(cloud: &Arc<Cloud>, cluster: &Cluster) -> Result<(), Stop> {
    dwell(cloud, cluster, "starting")?;
    let started = start_server(cloud, &cluster.key());
    if let Err(error) = &started {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: cluster {}: {error}", cluster.id));
    }
    show_power(cloud, cluster, if started.is_ok() { "available" } else { "failed" });
    Ok(())
}

fn dwell(cloud: &Cloud, cluster: &Cluster, underway: &str) -> Result<(), Stop> {
    let kind = if cluster.plain { Kind::Instance } else { Kind::Cluster };
    let there = |state: &mut State| {
        state.cluster(&cluster.key(), &cluster.resource_id).is_some_and(|c| c.status.real == underway)
    };
    cloud.dwell((kind, &cluster.id), Step::Instance, there, |_, _| {})
}

/// Shows a state on a cluster and all its instances, and takes away what a fault put over it.
pub(crate) fn show_power(cloud: &Cloud, cluster: &Cluster, state: &str) {
    cloud.change(|all| {
        let Some(found) = all.cluster(&cluster.key(), &cluster.resource_id) else { return };
        found.status = Status::new(state);
        let members = all.instances.values_mut().filter(|member| member.cluster == cluster.key());
        for member in members.filter(|member| member.status.real != "deleting") {
            member.status = Status::new(state);
        }
    });
}
