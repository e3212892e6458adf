//! What every room is handed: configuration, a voice, a way to be stopped, the journal. Nothing is global.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::document::{Document, ErrorReport, Failure, Interrupted, Journal};
use crate::progress::Progress;

/// How often a sleeping room looks whether it should stop.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Whether a SIGTERM or SIGINT arrived. A second one is never "force quit": a build server sends several.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    signal: Arc<AtomicI32>,
    seen: Arc<AtomicUsize>,
}

impl Cancel {
    /// Remembers the first signal.
    pub fn raise(&self, signal: i32) {
        self.seen.fetch_add(1, Ordering::Relaxed);
        let _ = self.signal.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What arrived, if anything did.
    pub fn requested(&self) -> Option<Interrupted> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(Interrupted { terminated: signal == rustix::process::Signal::TERM.as_raw() }),
        }
    }

    /// Fails if a signal arrived; called between the steps of anything long.
    pub fn check(&self) -> Result<(), Interrupted> {
        self.requested().map_or(Ok(()), Err)
    }

    /// Sleeps, unless a signal arrives.
    pub fn sleep(&self, length: Duration) -> Result<(), Interrupted> {
        let end = Instant::now() + length;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(CANCEL_POLL));
        }
    }
}

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
