//! Jobs that fill a snapshot, with a cluster's present data or with the data of another snapshot, and the deletion of one.

use std::sync::Arc;

use super::{copy_all, vanish};
use crate::rds_local::cloud::{LocalCloud, Stop, lock};
use crate::rds_local::error::Error;
use crate::rds_local::faults::delays::DelayedStep;
use crate::rds_local::state::model::{self, LocalKind, LocalSnapshot};
use crate::rds_local::state::source_type;

/// Fills a snapshot from its cluster's data, or from the snapshot that it copies; then waits for the configured delay.
pub(crate) fn take_snapshot(cloud: &Arc<LocalCloud>, snapshot: &LocalSnapshot) -> Result<(), Stop> {
    let (key, resource) = (snapshot.key(), snapshot.resource_id.clone());
    let copied = match &snapshot.copied_from {
        Some(of) => copy_snapshot(cloud, of, snapshot),
        None => copy_source(cloud, snapshot),
    };
    if let Err(error) = &copied {
        cloud.cancel.check().map_err(|_| Stop)?;
        cloud.say(format!("warning: snapshot {}: {error}", snapshot.id));
    }
    cloud.dwell(
        (LocalKind::Snapshot, &snapshot.id),
        DelayedStep::Snapshot,
        |state| state.snapshot(&key, &resource).is_some(),
        |cloud, share| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
            let percent = (share * 10.0) as u32 * 10;
            if cloud.look(|state| state.snapshot(&key, &resource).is_some_and(|s| s.percent < percent)) {
                cloud.change(|state| state.snapshot(&key, &resource).map(|s| s.percent = percent));
            }
        },
    )?;
    let failure = cloud.faults().failure(LocalKind::Snapshot, &snapshot.id);
    let failure = failure.or_else(|| copied.is_err().then(|| "failed".to_owned()));
    cloud.change(|state| {
        let kind = source_type(LocalKind::Snapshot, snapshot.plain);
        let Some(found) = state.snapshot(&key, &resource) else { return };
        let word = if snapshot.automated { "Automated" } else { "Manual" };
        if let Some(failure) = failure {
            found.status.real = failure;
            state.tell(kind, &snapshot.id, format!("{word} cluster snapshot failed"));
        } else {
            "available".clone_into(&mut found.status.real);
            found.percent = 100;
            state.tell(kind, &snapshot.id, format!("{word} cluster snapshot created"));
        }
    });
    Ok(())
}

/// Copies the data of the snapshot with the key `of`.
fn copy_snapshot(cloud: &LocalCloud, of: &str, snapshot: &LocalSnapshot) -> Result<(), Error> {
    let found = cloud.look(|state| state.snapshots.get(of).map(|from| from.resource_id.clone()));
    let Some(resource) = found else { return Err(Error::Gone(format!("the snapshot {of}"))) };
    // Locks the new snapshot's volume first, then the copied one's: with one order everywhere no two jobs wait for each other.
    let own = cloud.volume(&snapshot.resource_id);
    let _own = lock(&own);
    let volume = cloud.volume(&resource);
    let _volume = lock(&volume);
    let (from, to) = (cloud.home.snapshot(of), cloud.home.snapshot(&snapshot.key()));
    copy_all(cloud, &from, &to, None).map(|_| ())
}

/// Copies the source's data as it is now.
pub(crate) fn copy_source(cloud: &LocalCloud, snapshot: &LocalSnapshot) -> Result<(), Error> {
    let (source, folder) =
        (model::key(snapshot.plain, &snapshot.source), cloud.home.snapshot(&snapshot.key()));
    let at = {
        // Locks the snapshot's own volume first, then the source's: see `copy_snapshot`.
        let own = cloud.volume(&snapshot.resource_id);
        let _own = lock(&own);
        if cloud.look(|state| state.snapshot(&snapshot.key(), &snapshot.resource_id).is_none()) {
            return Ok(());
        }
        let volume = cloud.volume(&snapshot.source_resource_id);
        let volume = lock(&volume);
        if cloud.look(|state| state.cluster(&source, &snapshot.source_resource_id).is_none()) {
            return Err(Error::Gone(format!("the source {source}")));
        }
        copy_all(cloud, &cloud.home.cluster(&source), &folder, volume.server.as_ref())?
    };
    // An automated snapshot keeps its first date: a fault may have dated it back on purpose.
    cloud.change(|state| {
        if let Some(found) = state.snapshot(&snapshot.key(), &snapshot.resource_id) {
            found.created_at = if snapshot.automated { found.created_at } else { at };
        }
    });
    Ok(())
}

/// Removes a snapshot with its data. Waits for a restore that is copying from it.
pub(crate) fn delete_snapshot(cloud: &LocalCloud, snapshot: &LocalSnapshot) {
    let folder = cloud.home.snapshot(&snapshot.key());
    {
        let volume = cloud.volume(&snapshot.resource_id);
        let _volume = lock(&volume);
        vanish(cloud, &folder, |state| {
            state.snapshots.remove(&snapshot.key());
            state.tell(source_type(LocalKind::Snapshot, snapshot.plain), &snapshot.id, "Deleted snapshot");
        });
    }
    cloud.forget_volume(&snapshot.resource_id);
}
