//! Waiting for what a test needs to see, however slow the machine is: no length of time stands for an event.

use std::process::Child;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a machine that is busy with something else, too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// Looks until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until the tool has its handler for SIGTERM: before that, the signal would simply end it.
pub(crate) fn until_it_listens(tool: &Child) {
    let status = format!("/proc/{}/status", tool.id());
    until("the tool handles SIGTERM", || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        let term = 1 << (rustix::process::Signal::TERM.as_raw() - 1);
        caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & term != 0)
    });
}

/// Asks the tool to stop, as a build server does.
pub(crate) fn terminate(tool: &Child) {
    let id = rustix::process::Pid::from_child(tool);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
}
