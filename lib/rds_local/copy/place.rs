//! The directories of copies: their layout, their markers, their removal.
//!
//! ```text
//! DIR/copy-0123456789ab/copy.json   the marker: run, owner, expiry; the first file to be written and the last to be removed
//! …/lock                            held by the process that makes or removes the copy
//! …/data, run, tmp, files, log      the files of its server (`engine/service.rs`)
//! …/client.cnf                      the login of the copy
//! ```
//!
//! In: a directory. Out: a locked [`CopyDirectory`]. The removal also deals with a copy that is half made or half removed.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::{self, HostUser};
use crate::rds_local::error::Error;
use crate::sql::hex;

const MARKER: &str = "copy.json";
const LOCK: &str = "lock";
/// How many times a removal is tried: a server that was just killed may still write a last file.
const TRIES: usize = 5;

/// The content of `copy.json`, by which a copy is recognised as ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) run: String,
    pub(super) owner: String,
    pub(super) resource_id: String,
    pub(super) expires_at: Timestamp,
}

/// The directory of a copy, locked for this process.
#[derive(Debug)]
pub(super) struct CopyDirectory {
    pub(super) dir: PathBuf,
    /// The user that the server runs as; `None`: this user.
    pub(super) user: Option<HostUser>,
    _lock: File,
}

/// Returns the name of a run's copy.
pub(super) fn id_of(run: &str) -> String {
    format!("copy-{}", &hex(&Sha256::digest(run.as_bytes()))[..12])
}

/// Makes the directory of the copies if it does not exist. Returns its canonical path. Fails if it is unfit for server data.
pub(super) fn open(root: &Path, user: Option<HostUser>) -> Result<PathBuf, Error> {
    if !root.exists() {
        make(root, mode(user))?;
    }
    let root = root.canonicalize().map_err(Error::file("find", root))?;
    match engine::unfit(&root, user.is_some())? {
        Some(why) => Err(Error::Place { path: root, why }),
        None => Ok(root),
    }
}

impl CopyDirectory {
    /// Makes and locks the directory of a copy. Removes what an earlier try of the same run left there.
    pub(super) fn make(dir: &Path, user: Option<HostUser>, marker: &Marker) -> Result<Self, Error> {
        if dir.exists() {
            remove(dir, Some(&marker.run))?;
        }
        make(dir, mode(user))?;
        let path = dir.join(MARKER);
        let text = serde_json::to_vec(marker).expect("our types have only string keys");
        let opened = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let written = opened.and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()));
        written.map_err(Error::file("write", &path))?;
        Ok(Self { dir: dir.to_owned(), user, _lock: lock(dir)? })
    }

    /// Path of the copy's data directory.
    pub(super) fn data(&self) -> PathBuf {
        engine::data_in(&self.dir)
    }

    /// Makes the server's user the owner of the data directory.
    pub(super) fn give_data(&self) -> Result<(), Error> {
        Ok(self.user.map_or(Ok(()), |user| user.give(&self.data()))?)
    }
}

/// Reads the marker of a directory; `None` if there is none or it cannot be parsed.
pub(super) fn marker(dir: &Path) -> Option<Marker> {
    serde_json::from_slice(&fs::read(dir.join(MARKER)).ok()?).ok()
}

/// Returns the copies in a directory, with their markers.
pub(super) fn all(root: &Path) -> Vec<(PathBuf, Marker)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.filter_map(|entry| marker(&entry.path()).map(|marker| (entry.path(), marker))).collect()
}

/// Stops the server of a copy and removes its directory. Returns whether the directory existed. `run`: the run whose journal
/// names the directory; a marker of another run is refused. Without `run` the marker must be readable.
pub(super) fn remove(dir: &Path, run: Option<&str>) -> Result<bool, Error> {
    let found = match fs::symlink_metadata(dir) {
        Ok(found) => found,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(Error::file("look at", dir)(e)),
    };
    let refuse = |why: &str| Err(Error::NoCopy { path: dir.to_owned(), why: why.to_owned() });
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it is no directory of this user");
    }
    // Servers are found by the canonical path of their directory.
    let dir = &dir.canonicalize().map_err(Error::file("find", dir))?;
    // Succeeds for an empty directory: one whose maker was killed before the marker, or that was almost removed.
    if fs::remove_dir(dir).is_ok() {
        return Ok(true);
    }
    if !dir.join(MARKER).is_file() {
        return refuse("it has no copy.json and is not empty");
    }
    match (marker(dir), run) {
        (Some(marker), Some(run)) if marker.run != run => {
            return refuse(&format!("run {:?} made it", marker.run));
        }
        (None, None) => return refuse("its copy.json says nothing"),
        _ => {}
    }
    let lock = lock(dir)?;
    engine::stop(&engine::data_in(dir))?;
    let entries = fs::read_dir(dir).map_err(Error::file("read", dir))?;
    // The lock and the marker are removed last, in this order: a directory without a marker is not ours.
    let last = [LOCK, MARKER];
    for entry in entries.flatten().filter(|entry| !last.iter().any(|name| entry.file_name() == *name)) {
        remove_all(&entry.path())?;
    }
    for name in last {
        let path = dir.join(name);
        fs::remove_file(&path).map_err(Error::file("remove", &path))?;
    }
    std::mem::drop(lock);
    fs::remove_dir(dir).map_err(Error::file("remove", dir))?;
    Ok(true)
}

fn remove_all(path: &Path) -> Result<(), Error> {
    let mut outcome = Ok(());
    for _ in 0..TRIES {
        outcome = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        match &outcome {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    outcome.map_err(Error::file("remove", path))
}

/// Locks the directory of a copy. The kernel releases the lock of a killed process.
fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(Error::file("open", &path))?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| Error::Busy { path: dir.to_owned() })?;
    Ok(file)
}

fn mode(user: Option<HostUser>) -> u32 {
    if user.is_some() { 0o711 } else { 0o700 }
}

/// Makes a directory with this mode, whatever the umask, and its parents.
fn make(path: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(Error::file("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("change the mode of", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(run: &str) -> Marker {
        let resource_id = "copy-1".to_owned();
        Marker { run: run.to_owned(), owner: "me".to_owned(), resource_id, expires_at: Timestamp::MAX }
    }

    #[test]
    fn a_copy_is_removed_from_every_state_that_a_kill_can_leave_it_in() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join(id_of("night"));
        assert!(!remove(&dir, Some("night")).unwrap());
        // Killed before the marker; in the middle of writing it; after everything; almost removed.
        fs::create_dir(&dir).unwrap();
        assert!(remove(&dir, Some("night")).unwrap());
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(MARKER), "{\"run\":").unwrap();
        assert!(remove(&dir, None).is_err(), "nobody says whose it is");
        assert!(remove(&dir, Some("night")).unwrap());
        let home = CopyDirectory::make(&dir, None, &marked("night")).unwrap();
        fs::create_dir_all(home.data().join("app")).unwrap();
        fs::write(home.data().join("app/t.ibd"), "x").unwrap();
        assert!(matches!(remove(&dir, Some("night")), Err(Error::Busy { .. })), "its maker lives");
        std::mem::drop(home);
        assert!(matches!(remove(&dir, Some("day")), Err(Error::NoCopy { .. })), "it is another run's");
        assert_eq!(all(folder.path()), [(dir.clone(), marked("night"))]);
        // A second copy of the same run removes the first.
        std::mem::drop(CopyDirectory::make(&dir, None, &marked("night")).unwrap());
        assert!(!dir.join("data").exists());
        fs::remove_file(dir.join(LOCK)).unwrap();
        assert!(remove(&dir, Some("night")).unwrap() && !dir.exists());
    }

    #[test]
    fn a_server_on_it_is_stopped_by_whatever_path_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for root in [link, folder.path().join("link/../real")] {
            let dir = real.canonicalize().unwrap().join(id_of("night"));
            let home = CopyDirectory::make(&dir, None, &marked("night")).unwrap();
            fs::create_dir(home.data()).unwrap();
            let argument = format!("--datadir={}", home.data().display());
            let mut server = std::process::Command::new("sh")
                .args(["-c", "read line", "sh", &argument])
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            while engine::running(&home.data()).is_empty() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            std::mem::drop(home);
            // A process that another test has just forked holds our lock until its exec.
            let removed = (0..100).find_map(|_| {
                let removed = remove(&root.join(id_of("night")), Some("night")).ok();
                removed.or_else(|| {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    None
                })
            });
            let ended = server.try_wait().unwrap().is_some();
            let _ = server.kill();
            let _ = server.wait();
            assert!(removed.unwrap() && ended && !dir.exists(), "{}", root.display());
        }
    }

    #[test]
    fn a_directory_of_somebody_else_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("precious");
        fs::write(&file, "x").unwrap();
        assert!(remove(folder.path(), Some("night")).is_err());
        assert!(remove(&file, Some("night")).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(remove(&link, Some("night")).is_err());
        assert!(file.exists());
    }
}
