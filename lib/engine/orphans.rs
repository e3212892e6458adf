//! Servers whose `rds-local` was killed: found by their data directory, stopped before they are in the way.
//!
//! A pid file can be missing (killed before it was written) or name somebody else's process by now; the command line
//! in `/proc` cannot.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::server::threads_are;
use super::service::at_work;

/// How long a process may take to vanish after SIGKILL.
const GONE_TIMEOUT: Duration = Duration::from_secs(10);

/// Kills every server that runs on a data directory below `root`; how many there were. SIGKILL also ends one that was
/// left frozen, and loses nothing that was committed.
pub(crate) fn stop_orphans(root: &Path) -> usize {
    let found = running_below(root);
    for pid in &found {
        let _ = kill_process(*pid, Signal::KILL);
    }
    let start = Instant::now();
    // The command line goes first, then the files thread by thread; a zombie holds none.
    while !found.iter().all(|pid| threads_are(*pid, &['Z', 'X'])) && start.elapsed() < GONE_TIMEOUT {
        std::thread::sleep(Duration::from_millis(10));
    }
    found.len()
}

fn running_below(root: &Path) -> Vec<Pid> {
    // Links and `..` give a directory many names.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let below = real(root);
    at_work(|_, named| named.is_absolute() && named != root && real(named).starts_with(&below))
}
