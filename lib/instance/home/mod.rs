//! The directory that holds templates and instances, and the locks in it.
//!
//! In: `[targets.NAME] instance`. Out: an [`InstanceHome`], or why nothing is put there.
//!
//! ```text
//! ROOT/.refreshkit                 the marker: a directory that is not empty and has no marker is refused
//! ROOT/locks/                      one file for each target and each template, one for the ports
//! ROOT/templates/KEY/              data, template.json; named `.ID`, a hash of KEY, while it is baked
//! ROOT/targets/NAME/               state.json (the generations: in use, previous, next), secrets.json, client.cnf
//! ROOT/targets/NAME/gN/            one generation: data, base (a copy of data for `reset`), the files of its server
//! ```
//!
//! If the tool is root, root owns all of it but the directories that a server writes into.

mod lock;
mod place;
mod room;
mod state;

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::error::Error;
use super::target::InstanceTarget;
use crate::engine::{self, HostUser};

pub(crate) use lock::Lock;
pub(crate) use place::{TargetPlace, reached_at, remove};
pub(crate) use room::{RESERVE_BYTES, within_room};
pub(crate) use state::{Generation, TargetState, read_json, write_json};

const MARKER: &str = ".refreshkit";
const MARKED: &str =
    "templates and instances of dev-restore (refreshkit); remove them with dev-restore drop\n";

/// The longest path of the directory: what a socket's path (107 bytes, unix(7)) leaves beside the longest target name.
const ROOT_BYTES_MAX: usize = 45;

/// The user that runs instances if the tool is root and the target has no `run_as`. Not the distribution's `mysql`, which owns
/// other databases.
const USER: &str = "refreshkit";

/// The directory that holds templates and instances, checked and marked.
#[derive(Debug)]
pub(crate) struct InstanceHome {
    pub(crate) root: PathBuf,
    /// The user that the servers run as; `None`: this user.
    pub(crate) user: Option<HostUser>,
    reflinks: OnceLock<bool>,
}

impl InstanceHome {
    /// Opens the directory, and makes it if it does not exist. Fails if it is not ours or not fit.
    pub(crate) fn open(target: &InstanceTarget) -> Result<Self, Error> {
        let user = user_of(target)?;
        let mode = if user.is_some() { 0o711 } else { 0o700 };
        if !target.root.exists() {
            make(&target.root, mode)?;
        }
        // Servers are found by their canonical path, however `refresh.toml` spells it.
        let root = &target.root.canonicalize().map_err(Error::file("find", &target.root))?;
        refuse(root, user.is_some())?;
        let marker = root.join(MARKER);
        if !marker.exists() {
            let mut entries = fs::read_dir(root).map_err(Error::file("read", root))?;
            if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != "lost+found")) {
                return Err(Error::NotOurs { path: root.clone() });
            }
            let opened = File::options().write(true).create_new(true).mode(0o644).open(&marker);
            let written = opened.and_then(|mut file| file.write_all(MARKED.as_bytes()));
            written.map_err(Error::file("write", &marker))?;
        }
        for folder in ["locks", "templates", "targets"] {
            make(&root.join(folder), mode)?;
        }
        Ok(Self { root: root.clone(), user, reflinks: OnceLock::new() })
    }

    /// True when copies of files share blocks here. The first call tries it by writing a file: call it only before a copy, since
    /// the disk may be full.
    pub(crate) fn shares_blocks(&self) -> bool {
        *self.reflinks.get_or_init(|| engine::shares_blocks(&self.root).unwrap_or(false))
    }

    /// Like [`Self::open`], but returns `None` if the directory does not exist or has no marker.
    pub(crate) fn existing(target: &InstanceTarget) -> Result<Option<Self>, Error> {
        if target.root.join(MARKER).is_file() { Self::open(target).map(Some) } else { Ok(None) }
    }

    /// Makes a directory that only this user can read. If the servers run as another user, others can pass through it.
    pub(crate) fn make(&self, path: &Path) -> Result<(), Error> {
        make(path, if self.user.is_some() { 0o711 } else { 0o700 })
    }

    /// Makes the servers' user the owner of a directory and its contents, if the servers run as another user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), Error> {
        Ok(self.user.map_or(Ok(()), |user| user.give(path))?)
    }

    /// Path of the directory of a target.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.root.join("targets").join(name)
    }

    /// Returns the names of all targets with a directory here, sorted.
    pub(crate) fn targets(&self) -> Result<Vec<String>, Error> {
        let folder = self.root.join("targets");
        let entries = fs::read_dir(&folder).map_err(Error::file("read", &folder))?;
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Fails if fewer than `needed` bytes are free.
    pub(crate) fn refuse_full(&self, needed: u64) -> Result<(), Error> {
        let free = engine::free_bytes(&self.root)?;
        if free < needed { Err(Error::Disk { needed, free, path: self.root.clone() }) } else { Ok(()) }
    }
}

/// Returns the user that the servers run as; `None`, which means this user, if the tool is not root.
fn user_of(target: &InstanceTarget) -> Result<Option<HostUser>, Error> {
    let named = target.settings.run_as.as_deref();
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let wanted = named.unwrap_or(USER);
    let nobody = || Error::NoUser { target: target.section.clone(), wanted: wanted.to_owned() };
    HostUser::named(wanted).map(Some).ok_or_else(nobody)
}

/// Fails if others may write into the directory, if no server works well in it, or if its path is too long.
fn refuse(root: &Path, as_other: bool) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::Place { path: root.to_owned(), why });
    if let Some(why) = engine::unfit(root, as_other)? {
        return refuse(why);
    }
    if root.as_os_str().len() > ROOT_BYTES_MAX {
        return refuse(format!(
            "its path is longer than {ROOT_BYTES_MAX} bytes: a socket below it would be too long"
        ));
    }
    Ok(())
}

/// Makes a directory with this mode, whatever the umask, and its parents.
fn make(path: &Path, mode: u32) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(Error::file("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("change the mode of", path))
}
