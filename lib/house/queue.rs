//! Waiting for a lock that another run holds.
//!
//! In: how long to wait, and at each try the holder. Out: whether to try again; and a message at the first wait.

use std::time::{Duration, Instant};

use super::cancel::Cancel;
use crate::config::Length;
use crate::document::Interrupted;
use crate::progress::Progress;

/// Pause between two tries to take a lock.
const POLL: Duration = Duration::from_millis(250);

/// A wait for a lock, with its time limit.
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

    /// Waits a moment for `holder` to release the lock. Returns false when the time is over; fails when a signal arrives.
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
