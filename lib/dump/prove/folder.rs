//! The directories below `STATE/prove/`: for each version of a server one `base`, its data directory as the installation makes it,
//! and one for each run, which goes with it.
//!
//! In: a server program. Out: directories. Whoever uses one holds a lock in it, which ends with the process however that ends: what
//! nobody holds is removed by the next run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use walkdir::WalkDir;

use crate::engine::{self, ServerProgram, make_directory};
use crate::house::Cancel;

/// The file in a directory that its user has locked.
const LOCK: &str = "lock";
/// What the names of directories of runs begin with.
const OURS: [&str; 2] = ["run-", "new-"];
/// A directory without a lock is being made, or removed; one of this age is not.
const MAKING: Duration = Duration::from_hours(1);

/// A directory of this run. It goes when it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes a directory for running a server.
    pub(super) fn for_a_run(root: &Path) -> Result<Self, engine::Error> {
        Self::make(root, "run")
    }

    /// The lock is there under its name only once it is held.
    fn make(root: &Path, word: &str) -> Result<Self, engine::Error> {
        let path = root.join(format!("{word}-{:012x}", rand::random::<u64>() >> 16));
        make_directory(&path)?;
        let unheld = path.join("lock.new");
        let lock = File::create_new(&unheld).map_err(engine::Error::file("create", &unheld))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| engine::Error::file("lock", &unheld)(error.into()))?;
        fs::rename(&unheld, path.join(LOCK)).map_err(engine::Error::file("rename", &unheld))?;
        Ok(Self { path, _lock: lock })
    }

    /// Path of the folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The data directory of a program as its installation makes it: made once, and put in its place in one step.
pub(super) fn base(program: &ServerProgram, root: &Path, cancel: &Cancel) -> Result<PathBuf, engine::Error> {
    let base = root.join("base");
    if base.is_dir() {
        return Ok(base);
    }
    let making = Folder::make(root, "new")?;
    let folder = making.path().join("base");
    make_directory(&folder)?;
    program.install(&folder.join("data"), None)?;
    cancel.check()?;
    sync(&folder)?;
    match fs::rename(&folder, &base) {
        // Another run was faster.
        Err(_) if base.is_dir() => {}
        Err(error) => return Err(engine::Error::file("rename", &folder)(error)),
        Ok(()) => {
            File::open(root).and_then(|root| root.sync_all()).map_err(engine::Error::file("sync", root))?;
        }
    }
    Ok(base)
}

/// Takes a base away that no server starts on: the next run makes it anew.
pub(super) fn discard(base: &Path, into: &Folder) {
    let _ = fs::rename(base, into.path().join("discarded"));
}

/// What was written is on the disk.
fn sync(folder: &Path) -> Result<(), engine::Error> {
    for entry in WalkDir::new(folder) {
        let entry = entry.map_err(|error| engine::Error::file("read", folder)(error.into()))?;
        if entry.file_type().is_file() || entry.file_type().is_dir() {
            File::open(entry.path())
                .and_then(|file| file.sync_all())
                .map_err(engine::Error::file("sync", entry.path()))?;
        }
    }
    Ok(())
}

/// Removes what killed runs left, of whatever version.
pub(super) fn sweep(prove: &Path) {
    let below =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in below(prove).flat_map(|root| below(&root)) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if OURS.iter().any(|ours| name.starts_with(ours)) && is_left(&folder) {
            engine::stop_orphans(&folder);
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Whether nobody holds a directory any more.
fn is_left(folder: &Path) -> bool {
    match File::options().write(true).open(folder.join(LOCK)) {
        // Nobody takes it again who has lost it: it need not be held while the directory is removed.
        Ok(lock) => rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let changed = fs::metadata(folder).and_then(|found| found.modified());
            changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > MAKING))
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_holds_stays_and_what_nobody_holds_goes_whatever_its_version() {
        let prove = tempfile::tempdir().unwrap();
        let (one, other) = (prove.path().join("mysql-1"), prove.path().join("mariadb-2"));
        let held = Folder::for_a_run(&one).unwrap();
        // As a kill leaves it: the lock is a file that nobody holds, the directory is there.
        let left = other.join("new-00000000000a");
        make_directory(&left.join("data")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let young = one.join("run-000000000001");
        let old = one.join("run-4194999-00000001");
        for folder in [&young, &old, &other.join("base"), &other.join("somebody")] {
            make_directory(folder).unwrap();
        }
        let hours_ago = std::time::SystemTime::now() - 2 * MAKING;
        File::open(&old).unwrap().set_modified(hours_ago).unwrap();
        sweep(prove.path());
        assert!(held.path().join(LOCK).is_file());
        assert!(young.is_dir() && other.join("base").is_dir() && other.join("somebody").is_dir());
        assert!(!left.exists() && !old.exists());
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());
    }

    #[test]
    fn a_base_that_does_not_start_is_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join("base");
        make_directory(&base.join("data")).unwrap();
        let run = Folder::for_a_run(root.path()).unwrap();
        discard(&base, &run);
        assert!(!base.exists());
        drop(run);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
