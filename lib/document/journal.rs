//! The journal: the resources that a run is about to create, written down before they are created.
//!
//! In: the intent of each create call. Out: `<state dir>/<run>.json`, from which `rds-drop --run` works after any crash or kill.
//! Under a lock, it is written as a temporary file, fsynced and renamed: a reader never sees half a journal.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::copy::ThrowAwayCopy;
use super::failure::{Ending, Exit, Failure};
use super::io::read_text;
use super::sections::{AnyKind, Resource};
use super::whole::SCHEMA;

/// Why the journal or the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file operation failed.
    #[error("cannot {deed} the journal {}", path.display())]
    File {
        /// What was tried, as a verb: `read`, `write`, `lock` …
        deed: &'static str,
        /// Path of the journal or of the state directory.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// Other users may write to the state directory, or one of them owns it.
    #[error("the state directory {} holds passwords, and others may write to it", path.display())]
    Open {
        /// Path of the state directory.
        path: PathBuf,
    },
    /// The file `owner` of the state directory is empty.
    #[error("{} is empty: it must hold the id of the owner", path.display())]
    NoOwner {
        /// Path of the empty file.
        path: PathBuf,
    },
    /// The file is not a journal, or is that of another run.
    #[error("{} is not a refreshkit journal", path.display())]
    Malformed {
        /// Path of the file that is no journal.
        path: PathBuf,
        /// Where the JSON is wrong, or that it is another run's.
        source: serde_json::Error,
    },
}

impl Failure for JournalError {
    fn ending(&self) -> Ending {
        let elsewhere = "set REFRESH_STATE_DIR to a directory on local disk that this user may write";
        match self {
            Self::File { .. } => Ending::new(Exit::CannotWrite, "journal").hint(elsewhere),
            Self::NoOwner { .. } => Ending::new(Exit::BadInput, "journal").hint(
                "write the value of the tag refreshkit:owner of what this host made into it; if there is nothing, remove it",
            ),
            Self::Malformed { .. } => Ending::new(Exit::BadInput, "journal").hint(elsewhere),
            Self::Open { path } => Ending::new(Exit::Refused, "journal").hint(format!(
                "chmod 700 {0}, and let it belong to the user who runs the tools",
                path.display()
            )),
        }
    }
}

/// The largest journal, in bytes: a run makes only a few resources.
const JOURNAL_BYTES_MAX: u64 = 1 << 20;
/// Name of the secret file with the keys of a run's plan.
pub const PLAN_KEYS: &str = "keys";

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
    /// The throw-away copy, from the moment that it accepts a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy: Option<ThrowAwayCopy>,
    /// Resources with a name of this run that turned out to be another owner's. Their tags alone are no reason to delete them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    strangers: Vec<Resource>,
}

impl Journal {
    /// The journal of `run` under `state_dir`. No file is made before the first entry.
    pub fn new(state_dir: &Path, run: &str) -> Self {
        Self { directory: state_dir.to_owned(), run: run.to_owned() }
    }

    /// Path of the journal file.
    pub fn path(&self) -> PathBuf {
        self.directory.join(format!("{}.json", file_word(&self.run)))
    }

    /// Path of a secret file of this run, such as the copy's option file.
    pub fn secret_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{}.{name}", file_word(&self.run)))
    }

    /// Writes a secret file of this run. Other users can read it at no moment.
    pub fn write_secret(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, JournalError> {
        self.prepare()?;
        let path = self.secret_path(name);
        let fail = |source| JournalError::File { deed: "write", path: path.clone(), source };
        // tempfile makes its files with mode 0600.
        let mut temporary = tempfile::NamedTempFile::new_in(&self.directory).map_err(fail)?;
        temporary.write_all(bytes).and_then(|()| temporary.as_file().sync_all()).map_err(fail)?;
        temporary.persist(&path).map_err(|error| fail(error.error))?;
        Ok(path)
    }

    /// Removes a secret file of this run, if it is there.
    pub fn remove_secret(&self, name: &str) -> Result<(), JournalError> {
        let path = self.secret_path(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(JournalError::File { deed: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Writes down a resource that is about to be created, or replaces its entry by what is known now.
    pub fn record(&self, resource: &Resource) -> Result<(), JournalError> {
        self.change(|entries| {
            // With a resource id the resource was made by this run, even if another owner's once had its name.
            if resource.resource_id.is_some() {
                entries.strangers.retain(|known| !known.same_as(resource));
            }
            match entries.resources.iter_mut().find(|known| known.same_as(resource)) {
                Some(known) => *known = resource.clone(),
                None => entries.resources.push(resource.clone()),
            }
        })
    }

    /// Removes the entry of a resource that no longer exists.
    pub fn strike(&self, kind: impl Into<AnyKind>, id: &str) -> Result<(), JournalError> {
        let kind = kind.into();
        self.change(|entries| {
            entries.resources.retain(|known| !(known.kind == kind && known.id == id));
            entries.copy.take_if(|copy| copy.kind == kind && copy.id == id);
        })
    }

    /// Writes down the copy that this run made, with the token that is stored on it.
    pub fn record_copy(&self, copy: &ThrowAwayCopy) -> Result<(), JournalError> {
        self.change(|entries| entries.copy = Some(copy.clone()))
    }

    /// The copy that this run made from this host, if it made one. Fails for a state directory that others may write to.
    pub fn copy(&self) -> Result<Option<ThrowAwayCopy>, JournalError> {
        if !self.path().exists() {
            return Ok(None);
        }
        self.prepare()?;
        Ok(self.load()?.copy)
    }

    /// Removes the entry of a resource that turned out to be another owner's, and remembers it in `strangers`.
    pub fn disown(&self, kind: impl Into<AnyKind>, id: &str) -> Result<(), JournalError> {
        let stranger = Resource::new(kind, id);
        self.change(|entries| {
            entries.resources.retain(|known| !known.same_as(&stranger));
            entries.strangers.retain(|known| !known.same_as(&stranger));
            entries.strangers.push(stranger.clone());
        })
    }

    /// The resources that turned out to be another owner's.
    pub fn strangers(&self) -> Result<Vec<Resource>, JournalError> {
        Ok(self.load()?.strangers)
    }

    /// The resources that the run must still delete; none if there is no journal.
    pub fn resources(&self) -> Result<Vec<Resource>, JournalError> {
        Ok(self.load()?.resources)
    }

    /// The runs that have a journal in a state directory.
    pub fn runs(state_dir: &Path) -> Result<Vec<String>, JournalError> {
        let fail = |source| JournalError::File { deed: "look for", path: state_dir.to_owned(), source };
        let entries = match fs::read_dir(state_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fail(error)),
        };
        prepare(state_dir)?;
        let paths = entries.flatten().map(|entry| entry.path());
        let read = |path: PathBuf| {
            // Skips files that are no journal, and a journal that another tool removes at this moment.
            let text = read_text(&path, JOURNAL_BYTES_MAX).ok()?;
            serde_json::from_str::<Entries>(&text).ok().map(|entries| entries.run)
        };
        let journals = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let mut runs: Vec<String> = journals.filter_map(read).collect();
        runs.sort();
        Ok(runs)
    }

    /// Removes the journal and its lock file, if no resources are left to delete and none are remembered as another owner's.
    pub fn close(&self) -> Result<(), JournalError> {
        if !self.path().exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        let entries = self.load()?;
        if !entries.resources.is_empty() || !entries.strangers.is_empty() {
            return Ok(());
        }
        for path in [self.path(), self.lock_path()] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(JournalError::File { deed: "remove", path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the state directory with mode 0700; fails for one that other users own or may write to.
    pub fn prepare(&self) -> Result<(), JournalError> {
        prepare(&self.directory)
    }

    fn change(&self, edit: impl FnOnce(&mut Entries)) -> Result<(), JournalError> {
        self.prepare()?;
        let _lock = self.lock()?;
        let mut entries = self.load()?;
        edit(&mut entries);
        self.store(&entries)
    }

    fn lock_path(&self) -> PathBuf {
        self.path().with_extension("lock")
    }

    fn lock(&self) -> Result<File, JournalError> {
        let path = self.lock_path();
        let fail = |source| JournalError::File { deed: "lock", path: path.clone(), source };
        loop {
            // Mode 0600: a user who may read the file could lock it.
            let mut options = File::options();
            let file =
                options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(fail)?;
            rustix::fs::flock(&file, FlockOperation::LockExclusive).map_err(|e| fail(e.into()))?;
            // A tool that closed the journal meanwhile has removed the locked file: then a new one is needed.
            let held = file.metadata().map_err(fail)?.ino();
            if fs::metadata(&path).is_ok_and(|there| there.ino() == held) {
                return Ok(file);
            }
        }
    }

    fn load(&self) -> Result<Entries, JournalError> {
        let path = self.path();
        match read_text(&path, JOURNAL_BYTES_MAX) {
            Ok(text) => match serde_json::from_str::<Entries>(&text) {
                Ok(entries) if entries.run == self.run && entries.schema == SCHEMA => Ok(entries),
                Ok(_) => {
                    Err(JournalError::Malformed { path, source: serde::de::Error::custom("another run's") })
                }
                Err(source) => Err(JournalError::Malformed { path, source }),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Entries {
                schema: SCHEMA.to_owned(),
                run: self.run.clone(),
                resources: Vec::new(),
                copy: None,
                strangers: Vec::new(),
            }),
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

/// Makes a state directory with mode 0700; fails for one that other users (but root) own or may write to.
pub(super) fn prepare(directory: &Path) -> Result<(), JournalError> {
    let fail = |deed| move |source| JournalError::File { deed, path: directory.to_owned(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(fail("create"))?;
    let known = fs::metadata(directory).map_err(fail("read"))?;
    let ours = known.uid() == rustix::process::geteuid().as_raw() || known.uid() == 0;
    if !ours || known.permissions().mode() & 0o022 != 0 {
        return Err(JournalError::Open { path: directory.to_owned() });
    }
    Ok(())
}

/// The longest run id that becomes part of a file name unchanged (`NAME_MAX` is 255 bytes, and suffixes follow).
const WORD_CHARS_MAX: usize = 100;

/// `run` as part of a file name. A run id that must be changed for that gets a hash, so that no two runs share a file.
fn file_word(run: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let plain =
        !run.is_empty() && run.len() <= WORD_CHARS_MAX && run.chars().all(legal) && !run.starts_with('.');
    if plain {
        return run.to_owned();
    }
    let word: String = run.chars().take(WORD_CHARS_MAX).map(|c| if legal(c) { c } else { '-' }).collect();
    let hash = Sha256::digest(run.as_bytes());
    let digits: String = hash.iter().take(5).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{}~{digits}", word.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::super::sections::{Resource, ResourceKind};
    use super::*;

    #[test]
    fn no_two_runs_share_a_file() {
        let words: std::collections::BTreeSet<String> =
            ["team/a", "team-a", "team a", "", ".", "..", &"x".repeat(300), &"x".repeat(301)]
                .map(file_word)
                .into();
        assert_eq!(words.len(), 8, "{words:?}");
        assert!(words.iter().all(|word| word.len() < 200 && !word.contains('/') && !word.starts_with('.')));
    }

    #[test]
    fn what_was_found_to_be_somebody_elses_is_remembered_until_the_name_is_ours() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(&directory.path().join("state"), "night");
        let cluster = Resource::new(ResourceKind::Cluster, "c");
        journal.record(&cluster).unwrap();
        journal.disown(ResourceKind::Cluster, "c").unwrap();
        journal.disown(ResourceKind::Cluster, "c").unwrap();
        assert_eq!((journal.resources().unwrap().len(), journal.strangers().unwrap().len()), (0, 1));
        journal.close().unwrap();
        journal.record(&cluster).unwrap();
        assert_eq!(journal.strangers().unwrap().len(), 1, "an intent makes nothing ours");
        journal.record(&Resource { resource_id: Some("cluster-1".into()), ..cluster }).unwrap();
        assert_eq!(journal.strangers().unwrap(), []);
    }

    #[test]
    fn a_secret_file_is_for_its_owner_alone_and_goes_when_it_is_told_to() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(&directory.path().join("state"), "night/1");
        journal.remove_secret("keys").unwrap();
        let path = journal.write_secret("keys", b"one").unwrap();
        assert_eq!(journal.write_secret("keys", b"two").unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        journal.remove_secret("keys").unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_journal_outlives_its_writer_and_forgets_what_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(&directory.path().join("state"), "night/1");
        assert_eq!(journal.resources().unwrap(), []);
        assert_eq!(Journal::runs(&directory.path().join("state")).unwrap(), [""; 0]);
        let cluster = Resource::new(ResourceKind::Cluster, "c");
        journal.record(&cluster).unwrap();
        fs::write(directory.path().join("state/other.json"), "{}").unwrap();
        assert_eq!(Journal::runs(&directory.path().join("state")).unwrap(), ["night/1"]);
        journal.record(&Resource { resource_id: Some("cluster-1".into()), ..cluster.clone() }).unwrap();
        let again = Journal::new(&directory.path().join("state"), "night/1");
        assert_eq!(again.resources().unwrap()[0].resource_id.as_deref(), Some("cluster-1"));
        again.strike(ResourceKind::Cluster, "c").unwrap();
        assert_eq!(journal.resources().unwrap(), []);
        fs::set_permissions(directory.path().join("state"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(journal.record(&cluster), Err(JournalError::Open { .. })));
    }
}
