//! The house, which every room is given: configuration, progress on stderr, the flag to stop, secrets, the journal.
//! None of these is global.

mod cancel;
mod keys;
mod queue;

pub use cancel::Cancel;
pub use keys::{NoKeys, SecretStore, ServerSecret};
pub use queue::Queue;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::config::{Config, Length};
use crate::document::{Document, Journal, JournalError, owner_of, owner_or_new};
use crate::progress::Progress;

/// Everything that rooms are given instead of globals: see the fields.
#[derive(Debug)]
pub struct House {
    /// The tool's name, for messages and steps.
    pub tool: &'static str,
    /// `refresh.toml`, as it was read for this process.
    pub config: Config,
    /// Writes progress and warnings to stderr.
    pub progress: Progress,
    /// The flag that a signal has asked the tool to stop.
    pub cancel: Cancel,
    /// The store of secrets and tokens: [`NoKeys`], unless the porch sets another.
    pub keys: Arc<dyn SecretStore>,
    /// Directory of journals and secret files: the state directory.
    pub state_dir: PathBuf,
    /// Owner of everything that is created at RDS, if one is configured. Otherwise the state directory has an id of its own.
    pub owner: Option<String>,
    /// For whom the tool works: a build, or the person who started it. A run that must wait for this one shows it.
    pub asker: Option<String>,
    /// True if the tool only says what it would do (`--dry-run`).
    pub dry_run: bool,
    checkpoint: Mutex<Option<Document>>,
    holds: AtomicUsize,
}

/// As long as this value lives, a signal does not end the tool: the step that was begun is finished first.
#[derive(Debug)]
#[must_use]
pub struct Hold<'a>(&'a AtomicUsize);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl House {
    /// Makes a house for `tool`, without secrets, owner and asker.
    pub fn new(tool: &'static str, config: Config, progress: Progress, state_dir: PathBuf) -> Self {
        Self {
            tool,
            config,
            progress,
            cancel: Cancel::default(),
            keys: Arc::new(NoKeys),
            state_dir,
            owner: None,
            asker: None,
            dry_run: false,
            checkpoint: Mutex::new(None),
            holds: AtomicUsize::new(0),
        }
    }

    /// Returns the journal of a run.
    pub fn journal(&self, run: &str) -> Journal {
        Journal::new(&self.state_dir, run)
    }

    /// Returns the owner, for the tags of what is created at RDS. Makes an id for the state directory if it has none.
    pub fn owner(&self) -> Result<String, JournalError> {
        self.owner.clone().map_or_else(|| owner_or_new(&self.state_dir), Ok)
    }

    /// Returns the owner, but makes no id: `None` for a state directory from which nothing was ever created.
    pub fn known_owner(&self) -> Result<Option<String>, JournalError> {
        self.owner.clone().map_or_else(|| owner_of(&self.state_dir), |owner| Ok(Some(owner)))
    }

    /// Returns the beginning of a text about the holder of a lock: for whom the tool works, or nothing if that is not known.
    pub fn for_whom(&self) -> String {
        self.asker.as_ref().map(|asker| format!("{asker}, ")).unwrap_or_default()
    }

    /// Makes a queue for something that another run holds. It waits for at most `wait`; not at all without a length.
    pub fn queue(&self, wait: Option<Length>) -> Queue<'_> {
        Queue::new(&self.progress, &self.cancel, wait)
    }

    /// Begins a short step that a signal must not interrupt. The step lasts as long as the returned value lives.
    pub fn hold(&self) -> Hold<'_> {
        self.holds.fetch_add(1, Ordering::SeqCst);
        Hold(&self.holds)
    }

    /// True during a step that a signal must not interrupt.
    pub fn is_held(&self) -> bool {
        self.holds.load(Ordering::SeqCst) > 0
    }

    /// Remembers the document as it is now, which is written if the tool must stop before it returns. Called after every call
    /// that creates something.
    pub fn remember(&self, document: &Document) {
        *self.checkpoint.lock().expect("no panic under this lock") = Some(document.clone());
    }

    /// Returns the document as it was last remembered.
    pub fn remembered(&self) -> Option<Document> {
        self.checkpoint.lock().expect("no panic under this lock").clone()
    }
}
