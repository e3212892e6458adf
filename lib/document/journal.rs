//! The journal: what a run is about to create, written down before it is created.
//!
//! In: the intent of each create call. Out: `<state dir>/<run>.json`, from which `rds-drop --run` works after any
//! crash or kill. Written as a temporary file, fsynced and renamed, under a lock: a reader never sees half of one.

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

/// Why the journal cannot be kept.
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
    /// Others may read or change what is in the state directory.
    #[error("the state directory {} holds passwords, and others may write to it", path.display())]
    Open {
        /// Path of the state directory.
        path: PathBuf,
    },
    /// The file that says who the owner is says nothing.
    #[error("{} is empty: it must hold the id of the owner", path.display())]
    NoOwner {
        /// Path of the file `owner` in the state directory.
        path: PathBuf,
    },
    /// The file is there but is not a journal.
    #[error("{} is not a refreshkit journal", path.display())]
    Malformed {
        /// Path of the file that is no journal.
        path: PathBuf,
        /// Where its JSON is wrong.
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

/// The longest journal: a run makes a handful of things.
const JOURNAL_BYTES_MAX: u64 = 1 << 20;
/// What the secret file with the keys of a run's plan is called.
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
    /// The copy, once it can be logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy: Option<ThrowAwayCopy>,
    /// What has the names of this run but was found to be somebody else's: its tags alone are no reason to delete it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    strangers: Vec<Resource>,
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

    /// Writes such a file: never, not even for a moment, can anybody else read it.
    pub fn write_secret(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, JournalError> {
        self.prepare()?;
        let path = self.secret_path(name);
        let fail = |source| JournalError::File { deed: "write", path: path.clone(), source };
        // Made by mode 0600, as all files of this kind are.
        let mut temporary = tempfile::NamedTempFile::new_in(&self.directory).map_err(fail)?;
        temporary.write_all(bytes).and_then(|()| temporary.as_file().sync_all()).map_err(fail)?;
        temporary.persist(&path).map_err(|error| fail(error.error))?;
        Ok(path)
    }

    /// Removes such a file, if it is there.
    pub fn remove_secret(&self, name: &str) -> Result<(), JournalError> {
        let path = self.secret_path(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(JournalError::File { deed: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Writes down what is about to be created, or what is now known of it.
    pub fn record(&self, resource: &Resource) -> Result<(), JournalError> {
        self.change(|entries| {
            // Its name was a stranger's once, and what has it now was made by us.
            if resource.resource_id.is_some() {
                entries.strangers.retain(|known| !known.same_as(resource));
            }
            match entries.resources.iter_mut().find(|known| known.same_as(resource)) {
                Some(known) => *known = resource.clone(),
                None => entries.resources.push(resource.clone()),
            }
        })
    }

    /// Strikes out what is gone.
    pub fn strike(&self, kind: impl Into<AnyKind>, id: &str) -> Result<(), JournalError> {
        let kind = kind.into();
        self.change(|entries| {
            entries.resources.retain(|known| !(known.kind == kind && known.id == id));
            entries.copy.take_if(|copy| copy.kind == kind && copy.id == id);
        })
    }

    /// Writes down the copy that this run made, with the token that lies on it.
    pub fn record_copy(&self, copy: &ThrowAwayCopy) -> Result<(), JournalError> {
        self.change(|entries| entries.copy = Some(copy.clone()))
    }

    /// The copy that this run made on this host, if it did. A directory that others may write to says nothing.
    pub fn copy(&self) -> Result<Option<ThrowAwayCopy>, JournalError> {
        if !self.path().exists() {
            return Ok(None);
        }
        self.prepare()?;
        Ok(self.load()?.copy)
    }

    /// Strikes out what was found to be somebody else's, and remembers that it is.
    pub fn disown(&self, kind: impl Into<AnyKind>, id: &str) -> Result<(), JournalError> {
        let stranger = Resource::new(kind, id);
        self.change(|entries| {
            entries.resources.retain(|known| !known.same_as(&stranger));
            entries.strangers.retain(|known| !known.same_as(&stranger));
            entries.strangers.push(stranger.clone());
        })
    }

    /// What was found to be somebody else's.
    pub fn strangers(&self) -> Result<Vec<Resource>, JournalError> {
        Ok(self.load()?.strangers)
    }

    /// What the run still owes. A journal that was never written owes nothing.
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
            // What is no journal, and one that another tool closes at this moment, has no run.
            let text = read_text(&path, JOURNAL_BYTES_MAX).ok()?;
            serde_json::from_str::<Entries>(&text).ok().map(|entries| entries.run)
        };
        let journals = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let mut runs: Vec<String> = journals.filter_map(read).collect();
        runs.sort();
        Ok(runs)
    }

    /// Removes the journal's files if the run owes nothing any more.
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

    /// Makes the state directory, mode 0700.
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
            // For its owner alone: whoever may read a file may lock it.
            let mut options = File::options();
            let file =
                options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(fail)?;
            rustix::fs::flock(&file, FlockOperation::LockExclusive).map_err(|e| fail(e.into()))?;
            // Whoever closed the journal meanwhile removed the file that was waited for.
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

/// Makes a state directory, mode 0700; refuses one that others may write to.
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

/// The longest run id that stands in a file name as it is (`NAME_MAX` is 255 bytes, and suffixes follow).
const WORD_CHARS_MAX: usize = 100;

/// `run` as part of a file name. What had to be changed for that carries a hash: no two runs share a file.
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
