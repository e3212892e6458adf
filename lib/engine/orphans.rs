//! Finds and kills servers that go on because the tool that started them was killed.
//!
//! They are found by the data directory on their command line in `/proc`. A pid file could be missing (the tool was killed before
//! it was written), or could have the number of another process by now.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::server::threads_are;
use super::service::at_work;

/// How long a process may take to vanish after SIGKILL.
const GONE_TIMEOUT: Duration = Duration::from_secs(10);

/// Kills every server that runs on a data directory below `root`, and returns their number. SIGKILL also ends a frozen server,
/// and loses nothing that was committed.
pub(crate) fn stop_orphans(root: &Path) -> usize {
    let found = running_below(root);
    for pid in &found {
        let _ = kill_process(*pid, Signal::KILL);
    }
    let start = Instant::now();
    // A process that ends loses its command line first, then closes its files thread by thread; a zombie has none open.
    while !found.iter().all(|pid| threads_are(*pid, &['Z', 'X'])) && start.elapsed() < GONE_TIMEOUT {
        std::thread::sleep(Duration::from_millis(10));
    }
    found.len()
}

fn running_below(root: &Path) -> Vec<Pid> {
    // With links and `..` a directory has many paths.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let below = real(root);
    at_work(|_, named| named.is_absolute() && named != root && real(named).starts_with(&below))
}
