//! What every room is handed: configuration, progress on stderr, a way to be stopped, secrets, the journal. Nothing
//! is global.

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

/// What every room is handed instead of globals: see the fields.
#[derive(Debug)]
pub struct House {
    /// The tool's name, for messages and steps.
    pub tool: &'static str,
    /// `refresh.toml`, as it was read for this process.
    pub config: Config,
    /// Writes progress and warnings to stderr.
    pub progress: Progress,
    /// Whether a signal has asked the tool to stop.
    pub cancel: Cancel,
    /// Who may be asked for secrets and tokens: nobody, unless the porch says so.
    pub keys: Arc<dyn SecretStore>,
    /// Directory of journals and secret files: the state directory.
    pub state_dir: PathBuf,
    /// Who makes things at the service, if somebody says so; else the state directory has an id of its own.
    pub owner: Option<String>,
    /// For whom the tool works: a build, or the person who pressed its button. Another run that finds it at work says
    /// so.
    pub asker: Option<String>,
    /// Whether the tool only says what it would do (`--dry-run`).
    pub dry_run: bool,
    checkpoint: Mutex<Option<Document>>,
    holds: AtomicUsize,
}

/// As long as this value lives, a signal does not end the tool: what was begun is finished first.
#[derive(Debug)]
#[must_use]
pub struct Hold<'a>(&'a AtomicUsize);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl House {
    /// A house for `tool`.
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

    /// The journal of a run.
    pub fn journal(&self, run: &str) -> Journal {
        Journal::new(&self.state_dir, run)
    }

    /// Who makes things at the service, for their tags.
    pub fn owner(&self) -> Result<String, JournalError> {
        self.owner.clone().map_or_else(|| owner_or_new(&self.state_dir), Ok)
    }

    /// The same for whoever makes nothing: a state directory in which nothing was ever made has no owner.
    pub fn known_owner(&self) -> Result<Option<String>, JournalError> {
        self.owner.clone().map_or_else(|| owner_of(&self.state_dir), |owner| Ok(Some(owner)))
    }

    /// The beginning of a text about who holds a lock: for whom the tool works, if that is known.
    pub fn for_whom(&self) -> String {
        self.asker.as_ref().map(|asker| format!("{asker}, ")).unwrap_or_default()
    }

    /// Waits for what somebody else holds, at most so long; not at all without a length.
    pub fn queue(&self, wait: Option<Length>) -> Queue<'_> {
        Queue::new(&self.progress, &self.cancel, wait)
    }

    /// Says that a step has begun that is over in a moment and must not be left in the middle.
    pub fn hold(&self) -> Hold<'_> {
        self.holds.fetch_add(1, Ordering::SeqCst);
        Hold(&self.holds)
    }

    /// Whether a step is under way that must not be left in the middle.
    pub fn is_held(&self) -> bool {
        self.holds.load(Ordering::SeqCst) > 0
    }

    /// Remembers the document as it is now: what is written if the tool must stop before it returns. Called after
    /// every create call.
    pub fn remember(&self, document: &Document) {
        *self.checkpoint.lock().expect("no panic under this lock") = Some(document.clone());
    }

    /// The document as last remembered.
    pub fn remembered(&self) -> Option<Document> {
        self.checkpoint.lock().expect("no panic under this lock").clone()
    }
}
