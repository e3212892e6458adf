//! Background jobs: most bring one resource from its present state to `available`, `stopped`, `failed` or deleted.
//!
//! A job can be started again after `kill -9`: it begins with the state on disk and makes half-done work anew.

pub(super) mod cluster;
pub(super) mod instance;
pub(super) mod password;
pub(super) mod power;
pub(super) mod snapshot;

use std::path::Path;

use jiff::Timestamp;

use super::cloud::LocalCloud;
use super::error::Error;
use super::state::LocalState;
use crate::engine::{RunningServer, copy_data};
use crate::rds_local::state::home::{self, StoredPasswords};

/// Copies data and passwords from one resource's directory to another's. Returns the moment that the copied data shows.
/// `server`: the server that runs on `from`; it is frozen while its files are copied.
pub(crate) fn copy_all(
    cloud: &LocalCloud,
    from: &Path,
    to: &Path,
    server: Option<&RunningServer>,
) -> Result<Timestamp, Error> {
    cloud.home.discard(&to.join("data"))?;
    let secrets: StoredPasswords = home::read_json(&from.join("secrets.json"))?;
    // A pending password of the source is not in the copied data.
    home::write_json(&to.join("secrets.json"), &StoredPasswords { pending: None, kept: None, ..secrets })?;
    Ok(copy_data(&from.join("data"), &to.join("data"), server, &cloud.cancel)?)
}

/// Removes a resource from the state and moves its directory away, under one lock, so that a new resource of the same name
/// never meets the old files. Then deletes the files.
pub(crate) fn vanish(cloud: &LocalCloud, folder: &Path, forget: impl FnOnce(&mut LocalState)) {
    let moved = cloud.change(|state| {
        let moved = cloud.home.move_away(folder);
        forget(state);
        state.forget(folder);
        moved
    });
    if let Err(error) = moved.and_then(|away| away.map_or(Ok(()), |away| home::remove_all(&away))) {
        cloud.say(format!("warning: {error}"));
    }
}
