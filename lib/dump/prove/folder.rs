//! The directories below `STATE/prove/`: for each version of a server one `base`, with a freshly installed data directory, and
//! one directory for each run, which is removed when the run ends.
//!
//! In: a server program. Out: directories. A run holds a lock in its directory, which ends with its process even after a kill.
//! The next run removes directories whose lock nobody holds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use walkdir::WalkDir;

use crate::engine::{self, ServerProgram, make_directory};
use crate::house::Cancel;

/// Name of the lock file in the directory of a run.
const LOCK: &str = "lock";
/// What the names of runs' directories begin with.
const OURS: [&str; 2] = ["run-", "new-"];
/// A directory without a lock file is being made or removed, if it is younger than this; otherwise a dead run left it.
const MAKING: Duration = Duration::from_hours(1);

/// A directory of this run. Dropping the value removes the directory.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    pub(super) fn for_a_run(root: &Path) -> Result<Self, engine::Error> {
        Self::make(root, "run")
    }

    /// Makes a directory with a lock file. The file gets its name `LOCK` only once it is locked.
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

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Returns the directory with a server program's installed data directory, which is made once and renamed into place.
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
        // Another run has made the base meanwhile.
        Err(_) if base.is_dir() => {}
        Err(error) => return Err(engine::Error::file("rename", &folder)(error)),
        Ok(()) => {
            File::open(root).and_then(|root| root.sync_all()).map_err(engine::Error::file("sync", root))?;
        }
    }
    Ok(base)
}

/// Moves a base on which no server starts into `into`, which is removed after the run. The next run makes a new base.
pub(super) fn discard(base: &Path, into: &Folder) {
    let _ = fs::rename(base, into.path().join("discarded"));
}

/// Flushes all files and directories of `folder` to disk.
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

/// Stops the servers and removes the directories that killed runs left, for all server versions.
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

/// True when no process holds a directory's lock any more.
fn is_left(folder: &Path) -> bool {
    match File::options().write(true).open(folder.join(LOCK)) {
        // No process takes this lock a second time, so it need not be held while the directory is removed.
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
        // A directory as a killed run leaves it: with a lock file that nobody holds.
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
