//! The journal: what a run is about to create, written down before it is created.
//!
//! In: the intent of each create call. Out: `<state dir>/<run>.json`, from which `rds-drop --run` works after any
//! crash or kill. Written as a temporary file, fsynced and renamed, under a lock: a reader never sees half of one.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::{Exit, Failure, Resource, ResourceKind, SCHEMA};

/// Why the journal cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file operation failed.
    #[error("cannot {deed} the journal {}", path.display())]
    File {
        /// What was tried.
        deed: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is there but is not a journal.
    #[error("{} is not a refreshkit journal", path.display())]
    Malformed {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
}

impl Failure for JournalError {
    fn exit(&self) -> Exit {
        match self {
            Self::File { .. } => Exit::CannotWrite,
            Self::Malformed { .. } => Exit::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        "journal"
    }

    fn hint(&self) -> Option<String> {
        Some("set REFRESH_STATE_DIR to a directory on local disk that this user may write".to_owned())
    }
}

/// One run's journal file.
#[derive(Debug, Clone)]
pub struct Journal {
    directory: PathBuf,
    run: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entries {
    schema: String,
    run: String,
    resources: Vec<Resource>,
}

impl Journal {
    /// The journal of `run` under `state_dir`. Nothing is touched before the first entry.
    pub fn new(state_dir: &Path, run: &str) -> Self {
        Self { directory: state_dir.to_owned(), run: run.to_owned() }
    }

    /// Where the journal is.
    pub fn path(&self) -> PathBuf {
        self.directory.join(format!("{}.json", file_word(&self.run)))
    }

    /// Where this run keeps a secret file of the given name, such as the copy's option file.
    pub fn secret_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{}.{name}", file_word(&self.run)))
    }

    /// Writes down what is about to be created, or what is now known of it.
    pub fn record(&self, resource: &Resource) -> Result<(), JournalError> {
        self.change(|resources| match resources.iter_mut().find(|known| known.same_as(resource)) {
            Some(known) => *known = resource.clone(),
            None => resources.push(resource.clone()),
        })
    }

    /// Strikes out what is gone.
    pub fn strike(&self, kind: ResourceKind, id: &str) -> Result<(), JournalError> {
        self.change(|resources| resources.retain(|known| !(known.kind == kind && known.id == id)))
    }

    /// What the run still owes. A journal that was never written owes nothing.
    pub fn resources(&self) -> Result<Vec<Resource>, JournalError> {
        Ok(self.load()?.resources)
    }

    /// Makes the state directory, mode 0700.
    pub fn prepare(&self) -> Result<(), JournalError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(|source| JournalError::File { deed: "create", path: self.directory.clone(), source })
    }

    fn change(&self, edit: impl FnOnce(&mut Vec<Resource>)) -> Result<(), JournalError> {
        self.prepare()?;
        let _lock = self.lock()?;
        let mut entries = self.load()?;
        edit(&mut entries.resources);
        self.store(&entries)
    }

    fn lock(&self) -> Result<File, JournalError> {
        let path = self.path().with_extension("lock");
        let fail = |source| JournalError::File { deed: "lock", path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive).map_err(|e| fail(e.into()))?;
        Ok(file)
    }

    fn load(&self) -> Result<Entries, JournalError> {
        let path = self.path();
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| JournalError::Malformed { path, source })
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Ok(Entries { schema: SCHEMA.to_owned(), run: self.run.clone(), resources: Vec::new() })
            }
            Err(source) => Err(JournalError::File { deed: "read", path, source }),
        }
    }

    fn store(&self, entries: &Entries) -> Result<(), JournalError> {
        let path = self.path();
        let fail = |source| JournalError::File { deed: "write", path: path.clone(), source };
        let mut temporary = tempfile::NamedTempFile::new_in(&self.directory).map_err(fail)?;
        let bytes = serde_json::to_vec(entries).expect("entries have only string keys");
        temporary.write_all(&bytes).map_err(fail)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o600)).map_err(fail)?;
        temporary.as_file().sync_all().map_err(fail)?;
        temporary.persist(&path).map_err(|e| fail(e.error))?;
        File::open(&self.directory).and_then(|directory| directory.sync_all()).map_err(fail)
    }
}

/// `run` with everything replaced that does not belong in a file name.
fn file_word(run: &str) -> String {
    run.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}
