//! The directory that holds templates and instances, and who may be at work in it.
//!
//! In: `[targets.NAME] instance`. Out: a [`InstanceHome`], or why nothing is put there.
//!
//! ```text
//! ROOT/.refreshkit                 the marker: without it a directory that is not empty is somebody else's
//! ROOT/locks/                      one file a target and a template
//! ROOT/templates/KEY/              data, template.json; `.ID`, a hash of KEY, while it is baked
//! ROOT/targets/NAME/               state.json: which generation is in use, was before, is being switched to
//! ROOT/targets/NAME/gN/            one generation: data, base (what `reset` brings back), and what its server needs
//! ```
//!
//! Where the tool is root, all of it is root's, but for the directories that a server writes into.

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

/// What a socket's path (107 bytes, unix(7)) leaves when a target's name is as long as it can be.
const ROOT_BYTES_MAX: usize = 45;

/// Who runs instances where the tool is root and nobody says otherwise. Never the distribution's `mysql`, whose databases are there too.
const USER: &str = "refreshkit";

/// The directory that holds templates and instances.
#[derive(Debug)]
pub(crate) struct InstanceHome {
    pub(crate) root: PathBuf,
    /// Who the servers run as, where we are root.
    pub(crate) user: Option<HostUser>,
    reflinks: OnceLock<bool>,
}

impl InstanceHome {
    /// Opens it, and makes it if it is not there.
    pub(crate) fn open(target: &InstanceTarget) -> Result<Self, Error> {
        let user = user_of(target)?;
        let mode = if user.is_some() { 0o711 } else { 0o700 };
        if !target.root.exists() {
            make(&target.root, mode)?;
        }
        // One spelling, whatever `refresh.toml` says: servers are found by it.
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

    /// Whether copies share blocks. Asked for only where something is copied: it writes, and a disk may be full.
    pub(crate) fn shares_blocks(&self) -> bool {
        *self.reflinks.get_or_init(|| engine::shares_blocks(&self.root).unwrap_or(false))
    }

    /// The same of one that is there; nothing if it is not.
    pub(crate) fn existing(target: &InstanceTarget) -> Result<Option<Self>, Error> {
        if target.root.join(MARKER).is_file() { Self::open(target).map(Some) } else { Ok(None) }
    }

    /// Makes a directory that the servers' user may pass through, and nobody else may read.
    pub(crate) fn make(&self, path: &Path) -> Result<(), Error> {
        make(path, if self.user.is_some() { 0o711 } else { 0o700 })
    }

    /// Gives what a server writes to its user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), Error> {
        Ok(self.user.map_or(Ok(()), |user| user.give(path))?)
    }

    /// Path of a target's directory.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.root.join("targets").join(name)
    }

    /// The names of the targets that there are.
    pub(crate) fn targets(&self) -> Result<Vec<String>, Error> {
        let folder = self.root.join("targets");
        let entries = fs::read_dir(&folder).map_err(Error::file("read", &folder))?;
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Refuses what there is no room for.
    pub(crate) fn refuse_full(&self, needed: u64) -> Result<(), Error> {
        let free = engine::free_bytes(&self.root)?;
        if free < needed { Err(Error::Disk { needed, free, path: self.root.clone() }) } else { Ok(()) }
    }
}

/// The user that the servers run as; none for our own.
fn user_of(target: &InstanceTarget) -> Result<Option<HostUser>, Error> {
    let named = target.settings.run_as.as_deref();
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let wanted = named.unwrap_or(USER);
    let nobody = || Error::NoUser { target: target.section.clone(), wanted: wanted.to_owned() };
    HostUser::named(wanted).map(Some).ok_or_else(nobody)
}

/// Refuses a directory that others may write into, or that no server works well in.
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

/// Makes a directory with this mode, whatever the umask, and those above it.
fn make(path: &Path, mode: u32) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(Error::file("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("change the mode of", path))
}
