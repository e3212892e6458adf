//! What every room is handed: configuration, a voice, a way to be stopped, the journal. Nothing is global.

mod cancel;

pub use cancel::Cancel;

use std::path::PathBuf;
use std::sync::Mutex;

use crate::config::Config;
use crate::document::{Document, ErrorReport, Failure, Journal};
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
    /// Where journals and secret files are.
    pub state_dir: PathBuf,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    checkpoint: Mutex<Option<Document>>,
    note: Mutex<String>,
    objection: Mutex<Option<ErrorReport>>,
}

impl House {
    /// A house for `tool`.
    pub fn new(tool: &'static str, config: Config, progress: Progress, state_dir: PathBuf) -> Self {
        Self {
            tool,
            config,
            progress,
            cancel: Cancel::default(),
            state_dir,
            dry_run: false,
            checkpoint: Mutex::new(None),
            note: Mutex::new(String::new()),
            objection: Mutex::new(None),
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

    /// Sets the one line that the tool's step carries for people.
    pub fn note(&self, note: impl Into<String>) {
        *self.note.lock().expect("no panic under this lock") = note.into();
    }

    /// All went well, and still the exit code is to be that of `failure`; the document does not change.
    pub fn object(&self, failure: &dyn Failure) {
        let report = ErrorReport::of(self.tool, failure);
        *self.objection.lock().expect("no panic under this lock") = Some(report);
    }

    /// The objection as last made.
    pub fn objected(&self) -> Option<ErrorReport> {
        self.objection.lock().expect("no panic under this lock").clone()
    }

    /// The note as last set.
    pub fn noted(&self) -> String {
        self.note.lock().expect("no panic under this lock").clone()
    }
}
