//! Stops work before it fills the disk, to which other servers write too.
//!
//! In: work that copies files or that a private server does. Out: its result, or an error that the disk was nearly full.
//!
//! A server that cannot write may end at once, and not only the one that took the last block: where files share blocks, every
//! page that an old server writes again takes a new block. So our own work is stopped before the other servers fail.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::InstanceHome;
use crate::engine::{self, free_bytes};
use crate::house::Cancel;
use crate::instance::error::Error;

/// Bytes that stay free for the other servers: for pages that they write again, and for a restart of the old instance.
pub(crate) const RESERVE_BYTES: u64 = 48 << 20;

/// How long to wait between two checks. In this time a disk can write only a small part of the reserve.
const POLL: Duration = Duration::from_millis(5);

/// Runs `work`, which takes room on the home's disk. When less than the reserve is free, raises the token that `work` gets, kills
/// the server of `data`, and fails with `RanFull`. The caller removes what was made.
pub(crate) fn within_room<T>(
    home: &InstanceHome,
    data: &Path,
    cancel: &Cancel,
    work: impl FnOnce(&Cancel) -> Result<T, Error>,
) -> Result<T, Error> {
    let (ours, over) = (Cancel::default(), AtomicBool::new(false));
    let (made, left) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(home, data, cancel, &ours, &over));
        let end = End { over: &over, watcher: watcher.thread().clone() };
        let made = work(&ours);
        drop(end);
        (made, watcher.join().unwrap_or_default())
    });
    let Some(free) = left else { return made };
    let path = home.root.clone();
    Err(Error::RanFull { free, path, source: made.err().map(Box::new) })
}

/// Tells the watcher on drop that the work is over, so also after a panic.
struct End<'a> {
    over: &'a AtomicBool,
    watcher: std::thread::Thread,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.watcher.unpark();
    }
}

/// Watches the free bytes until the work is over. Returns how many were left when it was stopped, if it was.
fn watch(home: &InstanceHome, data: &Path, outer: &Cancel, ours: &Cancel, over: &AtomicBool) -> Option<u64> {
    let mut left = None;
    while !over.load(Ordering::Relaxed) {
        outer.pass_on(ours);
        // If the free bytes cannot be read, the work itself meets the error when it writes.
        let free = free_bytes(&home.root).unwrap_or(u64::MAX);
        if free < RESERVE_BYTES || left.is_some() {
            left.get_or_insert(free);
            ours.raise(rustix::process::Signal::TERM.as_raw());
            // A server that starts later is killed in a later round.
            engine::kill(data);
        }
        std::thread::park_timeout(POLL);
    }
    left
}
