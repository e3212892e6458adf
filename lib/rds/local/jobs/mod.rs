//! What goes on behind the answers: each job takes one resource from the state it is in to `available`, `failed` or gone.
//!
//! Jobs can be started again after `kill -9`: they begin from what is on disk and overwrite what is half done.

mod cluster;
mod instance;
mod password;
mod snapshot;

use std::path::Path;

pub(super) use cluster::{create_cluster, delete_cluster};
pub(super) use instance::{create_instance, create_plain, delete_instance, start_server};
use jiff::Timestamp;
pub(super) use password::reset_password;
pub(super) use snapshot::{copy_source, delete_snapshot, take_snapshot};

use super::cloud::Cloud;
use super::engine::{Server, copy_data};
use super::error::Error;
use super::home::{self, Secrets};

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
    home::write_json(&to.join("secrets.json"), &Secrets { pending: None, ..secrets })?;
    copy_data(&from.join("data"), &to.join("data"), server, &cloud.cancel)
}

/// Deletes a directory, or says why not.
pub(super) fn discard(cloud: &Cloud, folder: &Path) {
    if let Err(error) = cloud.home.discard(folder) {
        cloud.say(format!("warning: {error}"));
    }
}
