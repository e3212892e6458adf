//! Turns SIGTERM, SIGINT and SIGHUP into a [`Cancel`] that the rooms look at.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::house::Cancel;

/// Starts a thread that waits for signals. The first one counts and further ones are ignored: a build server sends several.
pub(crate) fn listen() -> Cancel {
    let cancel = Cancel::default();
    let raised = cancel.clone();
    // A terminal that closes must not leave a copy of production behind. Under nohup SIGHUP is ignored, and stays so.
    let mut wanted = vec![SIGTERM, SIGINT];
    if !ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    // If no handler can be installed, the signal ends the process at once.
    if let Ok(mut signals) = Signals::new(wanted) {
        std::thread::spawn(move || {
            for signal in signals.forever() {
                raised.raise(if signal == SIGHUP { SIGTERM } else { signal });
            }
        });
    }
    cancel
}

/// Whether this process was started with the signal ignored (`SigIgn` of proc_pid_status(5): a bit mask, signal 1 lowest).
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    mask.and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
