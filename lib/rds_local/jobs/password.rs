//! The job that changes a master password: the new one stays pending for a while, then is set on the server.

use std::sync::Arc;
use std::time::Duration;

use super::cluster::show_cluster;
use crate::engine::set_password;
use crate::rds_local::cloud::{LocalCloud, Stop, lock};
use crate::rds_local::error::Error;
use crate::rds_local::faults::delays::DelayedStep;
use crate::rds_local::state::model::{LocalCluster, LocalKind, Status};
use crate::rds_local::state::{LocalState, source_type};

/// Sets the pending master password on the server after the configured delay. As with RDS, callers may see `available` first: the
/// state is `resetting-master-credentials` only after 40 % of that time.
pub(crate) fn reset_password(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) -> Result<(), Stop> {
    let (key, resource, id) = (cluster.key(), cluster.resource_id.clone(), cluster.id.clone());
    let kind = if cluster.plain { LocalKind::Instance } else { LocalKind::Cluster };
    let pending = |state: &mut LocalState| {
        state.cluster(&key, &resource).is_some_and(|c| c.password_pending && c.status.real != "deleting")
    };
    cloud.dwell((kind, &id), DelayedStep::Password, pending, |cloud, share| {
        if share > 0.4 {
            show_reset(cloud, cluster, "available", "resetting-master-credentials");
        }
    })?;
    while cloud.faults().password_never(kind, &id) {
        if !cloud.look(pending) {
            return Err(Stop);
        }
        cloud.cancel.sleep(Duration::from_millis(50)).map_err(|_| Stop)?;
    }
    let done = apply_password(cloud, cluster);
    if let Err(error) = &done {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: password of {id}: {error}"));
    }
    cloud.change(|state| {
        let Some(found) = state.cluster(&key, &resource) else { return };
        found.password_pending = done.is_err();
        state.tell(source_type(LocalKind::Cluster, cluster.plain), &id, "Reset master credentials");
    });
    show_reset(cloud, cluster, "resetting-master-credentials", "available");
    Ok(())
}

fn apply_password(cloud: &LocalCloud, cluster: &LocalCluster) -> Result<(), Error> {
    let volume = cloud.volume(&cluster.resource_id);
    let mut volume = lock(&volume);
    let mut secrets = cloud.secrets(cluster)?;
    let Some(password) = secrets.pending.take() else { return Ok(()) };
    let master = cluster.master_user.clone();
    cloud.administer(cluster, &mut volume, |session| Ok(set_password(session, &master, &password.0)?))?;
    cloud.keep_secrets(cluster, &secrets)
}

/// Sets the real state of a cluster, or of a plain instance, to `to` if it is `from`.
fn show_reset(cloud: &LocalCloud, cluster: &LocalCluster, from: &str, to: &str) {
    let wanted = |status: &Status| status.real == from;
    if cluster.plain {
        let there =
            |state: &mut LocalState| state.instances.get(&cluster.id).is_some_and(|i| wanted(&i.status));
        if cloud.look(there) {
            cloud.change(|state| {
                if let Some(instance) = state.instances.get_mut(&cluster.id) {
                    to.clone_into(&mut instance.status.real);
                }
            });
        }
        return;
    }
    if cloud
        .look(|state| state.cluster(&cluster.key(), &cluster.resource_id).is_some_and(|c| wanted(&c.status)))
    {
        show_cluster(cloud, cluster, to);
    }
}
