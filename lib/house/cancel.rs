//! Stopping a tool: a signal sets a flag, which every room checks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::document::Interrupted;

/// Time between two checks of the flag during a sleep.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// The flag that a SIGTERM or SIGINT has arrived. A second signal never means "force quit": a build server sends several.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    signal: Arc<AtomicI32>,
    seen: Arc<AtomicUsize>,
}

impl Cancel {
    /// Sets the flag to a signal. Later signals do not change it.
    pub fn raise(&self, signal: i32) {
        self.seen.fetch_add(1, Ordering::Relaxed);
        let _ = self.signal.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Raises the signal at `other` too, if one has arrived.
    pub(crate) fn pass_on(&self, other: &Self) {
        match self.signal.load(Ordering::Relaxed) {
            0 => {}
            signal => other.raise(signal),
        }
    }

    /// Returns the signal that has arrived, if one has.
    pub fn requested(&self) -> Option<Interrupted> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(Interrupted { terminated: signal == rustix::process::Signal::TERM.as_raw() }),
        }
    }

    /// Fails if a signal has arrived. Long work calls it between its steps.
    pub fn check(&self) -> Result<(), Interrupted> {
        self.requested().map_or(Ok(()), Err)
    }

    /// Sleeps for `length`. Fails as soon as a signal arrives.
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
