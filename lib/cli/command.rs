//! Commands that take no document and write text, JSON or SQL to stdout: lists, plans, checks, `cat`, services.

use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::answer::answer;
use super::args::{Common, house};
use super::role::Role;
use super::{report, signal};
use crate::document::{AnyFailure, ErrorReport, Failure};
use crate::house::{Cancel, House};
use crate::outlet;
use crate::progress::Progress;

/// How long a command may take to stop by itself after a signal; then the process ends.
const COMMAND_GRACE: Duration = Duration::from_secs(3);

/// A command that takes at least so long says at its end how long it took.
const SLOW: Duration = Duration::from_secs(2);

/// Runs a command that lists, plans or checks. Its output is buffered, not collected: it may be a whole table.
pub fn command<F>(tool: &'static str, common: &Common, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn Write) -> Result<(), AnyFailure>,
{
    write_out(tool, common, Content::Text, work)
}

/// Runs a command whose output, SQL, another program reads byte by byte. On a terminal control characters are made visible.
pub fn data<F>(tool: &'static str, common: &Common, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn Write) -> Result<(), AnyFailure>,
{
    let content = if std::io::stdout().is_terminal() { Content::Text } else { Content::Bytes };
    write_out(tool, common, content, work)
}

/// What a command writes to stdout: text for people, or bytes for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// For people: control characters are replaced by visible escapes.
    Text,
    /// For a program: every byte is written unchanged.
    Bytes,
}

fn write_out<F>(tool: &'static str, common: &Common, content: Content, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn Write) -> Result<(), AnyFailure>,
{
    if let Some(code) = answer(tool, common) {
        return code;
    }
    let begun = Instant::now();
    let cancel = signal::listen();
    leave_after(&cancel);
    let mut out = Pipe { inner: BufWriter::new(std::io::stdout()), closed: false, content };
    let outcome = house(tool, common, Role::Head, &cancel).and_then(|house| {
        work(&house, &mut out)?;
        out.flush().map_err(|source| report::StdoutError(source).into())
    });
    // Text that was written before a failure is flushed too. An error of this flush is not reported besides the failure.
    let _ = out.flush();
    // A reader that closes the pipe early (head, less) is no error. A full disk is one.
    let outcome = if out.closed { Ok(()) } else { outcome };
    outlet::end_bars();
    if outcome.is_ok() && begun.elapsed() >= SLOW {
        Progress::new(tool, common.style()).end(begun.elapsed());
    }
    finish(tool, outcome)
}

/// Runs a command that keeps running and writes to stdout meanwhile, without a buffer. `work` must look at `house.cancel` and
/// end by itself.
pub fn service<F>(tool: &'static str, common: &Common, work: F) -> ExitCode
where
    F: FnOnce(&House, &mut dyn Write) -> Result<(), AnyFailure>,
{
    if let Some(code) = answer(tool, common) {
        return code;
    }
    let cancel = signal::listen();
    let outcome = house(tool, common, Role::Head, &cancel);
    let mut out = Pipe { inner: std::io::stdout(), closed: false, content: Content::Text };
    finish(tool, outcome.and_then(|house| work(&house, &mut out)))
}

fn finish(tool: &str, outcome: Result<(), AnyFailure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let failed = ErrorReport::of(tool, &*failure);
            report::show(&failed);
            ExitCode::from(failed.exit)
        }
    }
}

/// Ends the process `COMMAND_GRACE` after a signal: a command may wait for a statement that cannot be stopped from here.
fn leave_after(cancel: &Cancel) {
    let cancel = cancel.clone();
    std::thread::spawn(move || {
        let interrupted = loop {
            match cancel.requested() {
                Some(interrupted) => break interrupted,
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        };
        std::thread::sleep(COMMAND_GRACE);
        #[expect(clippy::exit, clippy::disallowed_methods, reason = "the work did not stop by itself")]
        std::process::exit(i32::from(interrupted.ending().exit as u8));
    });
}

/// Writes to stdout and remembers whether the reader has closed the pipe.
struct Pipe<W> {
    inner: W,
    closed: bool,
    content: Content,
}

impl<W: Write> Pipe<W> {
    fn look(&mut self, error: std::io::Error) -> std::io::Error {
        self.closed |= error.kind() == ErrorKind::BrokenPipe;
        error
    }
}

impl<W: Write> Write for Pipe<W> {
    /// Text may hold names from outside, so it goes through [`outlet::listed`]. The caller must write whole UTF-8 characters.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = match std::str::from_utf8(bytes) {
            _ if self.content == Content::Bytes => self.inner.write_all(bytes),
            Ok(text) => self.inner.write_all(outlet::listed(text).as_bytes()),
            Err(_) => self.inner.write_all(outlet::listed(&String::from_utf8_lossy(bytes)).as_bytes()),
        };
        written.map(|()| bytes.len()).map_err(|error| self.look(error))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush().map_err(|error| self.look(error))
    }
}
