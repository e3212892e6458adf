//! What goes on behind the answers: each job takes one resource from the state it is in to `available`, `failed` or gone.
//!
//! Jobs can be started again after `kill -9`: they begin from what is on disk and overwrite what is half done.

mod cluster;
mod instance;
mod password;
mod power;
mod snapshot;

use std::path::Path;

pub(super) use cluster::{create_cluster, delete_cluster};
pub(super) use instance::{create_instance, create_plain, delete_instance, start_server};
use jiff::Timestamp;
pub(super) use password::reset_password;
pub(super) use power::{show_power, start_cluster, stop_cluster};
pub(super) use snapshot::{copy_source, delete_snapshot, take_snapshot};

use super::cloud::Cloud;
use super::engine::{Server, copy_data};
use super::error::Error;
use super::home::{self, Secrets};
use super::state::State;

/// Copies data and passwords from one resource's directory to another's.
pub(super) fn copy_all(
    cloud: &Cloud,
    from: &Path,
    to: &Path,
    server: Option<&Server>,
) -> Result<Timestamp, Error> {
    cloud.home.discard(&to.join("data"))?;
    let secrets: Secrets = home::read_json(&from.join("secrets.json"))?;
    // What was pending at the source is not in the copied data.
    home::write_json(&to.join("secrets.json"), &Secrets { pending: None, kept: None, ..secrets })?;
    copy_data(&from.join("data"), &to.join("data"), server, &cloud.cancel)
}

/// Forgets a resource and moves its directory away in one step, so that a new one of the same name never meets the old
/// one's files; then deletes them.
pub(super) fn vanish(cloud: &Cloud, folder: &Path, forget: impl FnOnce(&mut State)) {
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
