//! What every room is handed: configuration, a voice, a way to be stopped, keys, the journal. Nothing is global.

mod cancel;
mod keys;

pub use cancel::Cancel;
pub use keys::{Keys, NoKeys, Secret};

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::document::{Document, Journal};
use crate::progress::Progress;

/// What every room is handed.
#[derive(Debug)]
pub struct House {
    /// The tool's name, for messages and steps.
    pub tool: &'static str,
    /// `refresh.toml`.
    pub config: Config,
    /// The voice on stderr.
    pub progress: Progress,
    /// Whether to stop.
    pub cancel: Cancel,
    /// Who may be asked for secrets and tokens: nobody, unless the porch says so.
    pub keys: Arc<dyn Keys>,
    /// Where journals and secret files are.
    pub state_dir: PathBuf,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    checkpoint: Mutex<Option<Document>>,
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
            dry_run: false,
            checkpoint: Mutex::new(None),
        }
    }

    /// The journal of a run.
    pub fn journal(&self, run: &str) -> Journal {
        Journal::new(&self.state_dir, run)
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
