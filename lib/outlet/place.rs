//! stderr: the only file that writes to it.
//!
//! In: who speaks, and what; bars. Out: lines, and on a terminal bars below them. A closed stderr is no reason to fail.
//!
//! The tools of a pipe share one terminal, and each draws its bar in the line where the cursor is: so whoever writes a line wipes
//! that line first, be the bar its own or another tool's, and at its end a tool takes its own bars away.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use super::for_people;

/// How lines after the first are set in: a line that begins with the name of a tool is a tool's own.
const FURTHER: &str = "\n  ";

/// Back to the beginning of the line, and wipe it.
const WIPE: &str = "\r\x1b[2K";

/// All bars of this process.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// Whether a person does without bars.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Says one thing to people, as `tool: text`.
pub(crate) fn say(tool: &str, text: &str) {
    BARS.suspend(|| write(&format!("{tool}: {text}")));
}

/// Writes what is about to be read by people. Lines after the first are set in.
fn write(text: &str) {
    let safe = for_people(text.trim_end());
    let mut lines = safe.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push_str(if line.is_empty() || line.starts_with("  ") { "\n" } else { FURTHER });
        out.push_str(line);
    }
    let mut stderr = std::io::stderr().lock();
    let wipe = if !PLAIN.load(Ordering::Relaxed) && stderr.is_terminal() { WIPE } else { "" };
    let _ = writeln!(stderr, "{wipe}{out}");
}

/// Nobody draws bars: lines are nothing but lines.
pub(crate) fn draw_nothing() {
    PLAIN.store(true, Ordering::Relaxed);
}

/// Whether a person looks on.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Draws a bar from now on. Whoever draws shows one line: [`super::one_line`].
pub(crate) fn draw(bar: ProgressBar) -> ProgressBar {
    BARS.add(bar)
}

/// Takes all bars away, for good: the tool is at its end, and a thread that was left behind may still have one.
pub(crate) fn end_bars() {
    let _ = BARS.clear();
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}

/// A crash tells its place, and its words if they stood in the program: words that are put together may quote a row.
pub(crate) fn catch_panics(tool: &'static str) {
    std::panic::set_hook(Box::new(move |crash| {
        let place = crash.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let words = crash.payload().downcast_ref::<&'static str>().map(|words| format!(": {words}"));
        // Not around the bars: it may have been one that crashed.
        write(&format!("{tool}: a bug: crashed{}{}", place.unwrap_or_default(), words.unwrap_or_default()));
    }));
}
