//! Waiting for what another run holds.
//!
//! In: how long to wait, and each time who holds it. Out: whether to ask again; a word about it, once.

use std::time::{Duration, Instant};

use super::cancel::Cancel;
use crate::config::Length;
use crate::document::Interrupted;
use crate::progress::Progress;

/// How often a lock is asked for.
const POLL: Duration = Duration::from_millis(250);

/// A place in the queue.
#[derive(Debug)]
pub struct Queue<'a> {
    progress: &'a Progress,
    cancel: &'a Cancel,
    until: Option<Instant>,
    told: bool,
}

impl<'a> Queue<'a> {
    pub(super) fn new(progress: &'a Progress, cancel: &'a Cancel, wait: Option<Length>) -> Self {
        let until = wait.and_then(|wait| Instant::now().checked_add(wait.duration()));
        Self { progress, cancel, until, told: false }
    }

    /// Waits a moment for `holder` to let go; false when the time is over. A signal ends it.
    pub fn waits(&mut self, holder: &str) -> Result<bool, Interrupted> {
        let Some(until) = self.until.filter(|until| Instant::now() < *until) else { return Ok(false) };
        if !self.told {
            self.told = true;
            self.progress.say(&format!("waiting for {holder}"));
        }
        self.cancel.sleep(POLL.min(until.saturating_duration_since(Instant::now())))?;
        Ok(true)
    }
}
