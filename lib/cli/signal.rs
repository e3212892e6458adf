//! SIGTERM, SIGINT and SIGHUP become a flag that the rooms look at.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::house::Cancel;

/// Starts to listen. Every further signal is swallowed: a build server sends several to one process.
pub(crate) fn listen() -> Cancel {
    let cancel = Cancel::default();
    let raised = cancel.clone();
    // A lost terminal must not leave a copy of production running; under nohup nothing is lost.
    let mut wanted = vec![SIGTERM, SIGINT];
    if !ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    // Without a handler the process would just die of the signal; that is the fallback.
    if let Ok(mut signals) = Signals::new(wanted) {
        std::thread::spawn(move || {
            for signal in signals.forever() {
                raised.raise(if signal == SIGHUP { SIGTERM } else { signal });
            }
        });
    }
    cancel
}

/// Whether the parent ignored a signal for us (`SigIgn` of proc_pid_status(5): a bit mask, signal 1 lowest).
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    mask.and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
