//! Being stopped: a signal that arrived is a flag that every room looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::document::Interrupted;

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

    /// Tells another token what arrived, if anything did.
    pub(crate) fn pass_on(&self, other: &Self) {
        match self.signal.load(Ordering::Relaxed) {
            0 => {}
            signal => other.raise(signal),
        }
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
