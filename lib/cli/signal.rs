//! SIGTERM and SIGINT become a flag that the rooms look at.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::house::Cancel;

/// Starts to listen. Every further signal is swallowed: a build server sends several to one process.
pub(super) fn listen() -> Cancel {
    let cancel = Cancel::default();
    let raised = cancel.clone();
    // Without a handler the process would just die of the signal; that is the fallback.
    if let Ok(mut signals) = Signals::new([SIGTERM, SIGINT]) {
        std::thread::spawn(move || {
            for signal in signals.forever() {
                raised.raise(signal);
            }
        });
    }
    cancel
}
