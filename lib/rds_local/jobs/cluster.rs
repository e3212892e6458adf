//! Jobs that make a cluster (from a snapshot, from another cluster or empty) and that delete one with its data.

use std::sync::Arc;
use std::time::Duration;

use super::snapshot::delete_snapshot;
use super::{copy_all, vanish};
use crate::rds_local::cloud::{LocalCloud, Stop, lock};
use crate::rds_local::error::Error;
use crate::rds_local::faults::delays::DelayedStep;
use crate::rds_local::seed;
use crate::rds_local::state::model::{ClusterOrigin, LocalCluster, LocalKind, LocalSnapshot};
use crate::rds_local::state::{LocalState, source_type};

/// Copies the data that a cluster is made from, then waits for the configured delay. The hidden cluster of a plain instance does
/// not wait: its instance's job does.
pub(crate) fn create_cluster(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) -> Result<(), Stop> {
    let (key, resource) = (cluster.key(), cluster.resource_id.clone());
    let copied = fill_cluster(cloud, cluster);
    if let Err(error) = &copied {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: cluster {}: {error}", cluster.id));
    }
    let step = if matches!(cluster.origin, ClusterOrigin::Cluster(_)) {
        DelayedStep::Clone
    } else {
        DelayedStep::Restore
    };
    if !cluster.plain {
        cloud.dwell(
            (LocalKind::Cluster, &cluster.id),
            step,
            |state| state.cluster(&key, &resource).is_some_and(|c| c.status.real != "deleting"),
            |cloud, share| {
                let state = if share > 0.8 { "backing-up" } else { "creating" };
                show_cluster(cloud, cluster, state);
            },
        )?;
    }
    let failure = cloud.faults().failure(LocalKind::Cluster, &cluster.id);
    let failure = failure.or_else(|| copied.is_err().then(|| "failed".to_owned()));
    show_cluster(cloud, cluster, failure.as_deref().unwrap_or("available"));
    cloud.change(|state| {
        let message = if failure.is_some() { "DB cluster creation failed" } else { "DB cluster created" };
        state.tell(source_type(LocalKind::Cluster, cluster.plain), &cluster.id, message);
    });
    Ok(())
}

/// Sets the real state of a cluster, unless the cluster is being deleted.
pub(crate) fn show_cluster(cloud: &LocalCloud, cluster: &LocalCluster, shown: &str) {
    let differs = |state: &mut LocalState| {
        state
            .cluster(&cluster.key(), &cluster.resource_id)
            .is_some_and(|c| c.status.real != shown && c.status.real != "deleting")
    };
    if cloud.look(differs) {
        cloud.change(|state| {
            if let Some(found) = state.cluster(&cluster.key(), &cluster.resource_id) {
                shown.clone_into(&mut found.status.real);
            }
        });
    }
}

/// Copies the cluster's data. Locks the cluster's own volume first, then the source's: a source is never being filled itself, so
/// no two jobs wait for each other.
fn fill_cluster(cloud: &LocalCloud, cluster: &LocalCluster) -> Result<(), Error> {
    let folder = cloud.home.cluster(&cluster.key());
    let own = cloud.volume(&cluster.resource_id);
    let _own = lock(&own);
    if cloud.look(|state| state.cluster(&cluster.key(), &cluster.resource_id).is_none()) {
        // The cluster was deleted meanwhile; the caller's `dwell` ends for the same reason.
        return Ok(());
    }
    match &cluster.origin {
        ClusterOrigin::Fresh => seed::fresh(&cloud.home, &folder, &cloud.cancel),
        ClusterOrigin::Snapshot(key) => {
            let resource = cloud.look(|state| state.snapshots.get(key).map(|s| s.resource_id.clone()));
            let volume = cloud.volume(&resource.unwrap_or_default());
            // The lock is held while copying, so that the snapshot is not deleted meanwhile.
            let _volume = lock(&volume);
            copy_all(cloud, &cloud.home.snapshot(key), &folder, None).map(|_| ())
        }
        ClusterOrigin::Cluster(key) => {
            let resource = cloud.look(|state| state.clusters.get(key).map(|c| c.resource_id.clone()));
            let volume = cloud.volume(&resource.unwrap_or_default());
            let volume = lock(&volume);
            copy_all(cloud, &cloud.home.cluster(key), &folder, volume.server.as_ref()).map(|_| ())
        }
    }
}

/// Waits until the cluster has no instances, then removes it with its data and its automated snapshots.
pub(crate) fn delete_cluster(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) -> Result<(), Stop> {
    let (key, resource) = (cluster.key(), cluster.resource_id.clone());
    let there = |state: &mut LocalState| state.cluster(&key, &resource).is_some();
    while cloud.look(|state| !state.members(&key).is_empty()) {
        cloud.cancel.sleep(Duration::from_millis(20)).map_err(|_| Stop)?;
    }
    cloud.dwell((LocalKind::Cluster, &cluster.id), DelayedStep::Delete, there, |_, _| {})?;
    remove_cluster(cloud, cluster);
    Ok(())
}

pub(crate) fn remove_cluster(cloud: &LocalCloud, cluster: &LocalCluster) {
    let key = cluster.key();
    let folder = cloud.home.cluster(&key);
    {
        let volume = cloud.volume(&cluster.resource_id);
        let mut volume = lock(&volume);
        // The data is deleted next, so the server need not stop in order.
        drop(volume.server.take());
        vanish(cloud, &folder, |state| {
            state.clusters.remove(&key);
            state.tell(source_type(LocalKind::Cluster, cluster.plain), &cluster.id, "DB cluster deleted");
        });
    }
    cloud.forget_volume(&cluster.resource_id);
    let automated: Vec<LocalSnapshot> = cloud.look(|state| {
        let of_it = |s: &&LocalSnapshot| s.automated && s.source_resource_id == cluster.resource_id;
        state.snapshots.values().filter(of_it).cloned().collect()
    });
    for snapshot in &automated {
        delete_snapshot(cloud, snapshot);
    }
}
