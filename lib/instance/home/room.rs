//! Work that fills a disk, and never to its end: other servers write there too.
//!
//! In: work that copies, or that a private server does. Out: what it made, or that it was stopped when the disk was nearly full.
//!
//! A server that cannot write may end on the spot, and the one that ends is not always the one that took the last block: where files
//! share blocks, every page that an old server writes again takes a new one. So what we make is stopped before the others are hit.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::InstanceHome;
use crate::engine::{self, free_bytes};
use crate::house::Cancel;
use crate::instance::error::Error;

/// Bytes that stay free for the servers that are there: what they write again, and what the old one takes when it starts again.
pub(crate) const RESERVE_BYTES: u64 = 48 << 20;

/// A disk writes no more than a few bytes of the reserve in that time.
const POLL: Duration = Duration::from_millis(5);

/// Does what takes room on the home's disk. When less than the reserve is free, the server of `data` is killed, and the token that
/// `work` gets is raised: what it makes is thrown away by whoever called.
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

/// Tells the watcher that the work is over, if it ends in a panic too.
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

/// Returns the bytes that were left when the work was stopped.
fn watch(home: &InstanceHome, data: &Path, outer: &Cancel, ours: &Cancel, over: &AtomicBool) -> Option<u64> {
    let mut left = None;
    while !over.load(Ordering::Relaxed) {
        outer.pass_on(ours);
        // A disk that cannot be asked says so to whoever writes to it.
        let free = free_bytes(&home.root).unwrap_or(u64::MAX);
        if free < RESERVE_BYTES || left.is_some() {
            left.get_or_insert(free);
            ours.raise(rustix::process::Signal::TERM.as_raw());
            // One that is not there yet is met the next time.
            engine::kill(data);
        }
        std::thread::park_timeout(POLL);
    }
    left
}
