//! Waits for the document on stdin and for the tool's work; after a signal only for a limited time.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::report;
use crate::document::{self, AnyFailure, Document, Done, Ending, ErrorReport, Exit, Failure};
use crate::house::{Cancel, House};

const POLL: Duration = Duration::from_millis(20);

/// How long to wait for stdin after a signal: the tool before got the signal too, and still writes its document.
const STDIN_GRACE: Duration = Duration::from_secs(3);

/// After so long without a document, a person who named the run is told that the tool waits for stdin.
const STDIN_PATIENCE: Duration = Duration::from_secs(2);

/// Reads the document on stdin, as bytes and parsed. After a signal it waits at most `STDIN_GRACE`. Unless `patient`, it says
/// after `STDIN_PATIENCE` that it waits.
pub(crate) fn for_stdin(
    tool: &str,
    cancel: &Cancel,
    patient: bool,
) -> Result<(Vec<u8>, Document), AnyFailure> {
    if std::io::stdin().is_terminal() {
        return Err(document::Error::Terminal.into());
    }
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(document::read_bytes(std::io::stdin().lock())));
    let came = Arc::new(AtomicBool::new(patient));
    let seen = Arc::clone(&came);
    let tool = tool.to_owned();
    std::thread::spawn(move || {
        std::thread::sleep(STDIN_PATIENCE);
        if !seen.load(Ordering::Relaxed) {
            report::remark(&tool, "waiting for a document on stdin; go without one by adding </dev/null");
        }
    });
    let read = receive(&receiver, cancel, STDIN_GRACE, || false);
    came.store(true, Ordering::Relaxed);
    let bytes = match read {
        Some(read) => read?,
        None => return Err(cancel.check().map_or_else(AnyFailure::from, |()| Crash.into())),
    };
    let mut document = document::parse(&bytes)?;
    // A signal stops the chain here, even if the tool before finished well.
    if let Some(interrupted) = cancel.requested() {
        document.fail(ErrorReport::of("signal", &interrupted));
    }
    Ok((bytes, document))
}

/// Runs `work` on a thread of its own. After a signal the work has `grace` to stop by itself. Then this returns the document that
/// `house` remembered last, and the thread ends with the process. There are two documents in memory: the one that the work
/// changes and the remembered one.
pub(crate) fn for_work<F>(
    house: &Arc<House>,
    mut document: Document,
    work: F,
    grace: Duration,
) -> (Document, Result<Done, ErrorReport>)
where
    F: FnOnce(&House, &mut Document) -> Result<Done, AnyFailure> + Send + 'static,
{
    let (sender, receiver) = channel();
    let inside = Arc::clone(house);
    let (tool, run) = (house.tool, document.run.clone());
    house.remember(&document);
    std::thread::spawn(move || {
        let outcome = work(&inside, &mut document).map_err(|failure| ErrorReport::of(tool, &*failure));
        sender.send((document, outcome))
    });
    receive(&receiver, &house.cancel, grace, || house.is_held()).unwrap_or_else(|| {
        let failure: AnyFailure = house.cancel.check().map_or_else(AnyFailure::from, |()| Crash.into());
        (house.remembered().unwrap_or_else(|| Document::new(&run)), Err(ErrorReport::of(tool, &*failure)))
    })
}

/// Returns what the sender sends. `None` if the sender panicked, or if `grace` after a signal is over, unless `is_held` says that
/// the sender is in a step that must not be interrupted.
fn receive<T>(
    receiver: &Receiver<T>,
    cancel: &Cancel,
    grace: Duration,
    is_held: impl Fn() -> bool,
) -> Option<T> {
    let mut stop_at = None;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(value) => return Some(value),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if cancel.requested().is_some() {
            let end = *stop_at.get_or_insert_with(|| Instant::now() + grace);
            if Instant::now() >= end && !is_held() {
                return None;
            }
        }
    }
}

/// The thread that read stdin or did the work panicked: a bug of refreshkit.
#[derive(Debug, thiserror::Error)]
#[error("a bug: the tool crashed (the lines above say where)")]
struct Crash;

impl Failure for Crash {
    fn ending(&self) -> Ending {
        Ending::new(Exit::Bug, "bug").hint("what the run created is in `resources`; rds-drop removes it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::progress::Progress;

    const GRACE: Duration = Duration::from_millis(50);

    /// Runs work that goes on for a while after a signal; with `is_in_the_middle` it must not be interrupted.
    fn after_a_signal(is_in_the_middle: bool) -> Result<Done, ErrorReport> {
        let directory = std::env::temp_dir();
        let house = Arc::new(House::new("tool", Config::default(), Progress::silent(), directory));
        house.cancel.raise(15);
        let work = move |house: &House, _: &mut Document| {
            let hold = is_in_the_middle.then(|| house.hold());
            std::thread::sleep(GRACE * 8);
            drop(hold);
            Ok(Done::saying("through"))
        };
        for_work(&house, Document::new("r"), work, GRACE).1
    }

    #[test]
    fn what_must_not_be_left_in_the_middle_is_waited_for_and_nothing_else() {
        assert_eq!(after_a_signal(true).unwrap().note, "through");
        assert_eq!(after_a_signal(false).unwrap_err().code, "interrupted");
    }
}
