//! The only file that writes to stderr.
//!
//! In: a tool's name and a message; bars. Out: lines, and on a terminal bars below them. A closed stderr is no reason to fail.
//!
//! The tools of a pipe share one terminal, and each draws its bar in the line of the cursor. So a tool clears that line before it
//! writes a message, whether the bar is its own or another tool's; and when it ends, a tool removes its own bars.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use super::for_people;

/// Line end and indent before further lines of a message: only a tool's own message may begin a line with the tool's name.
const FURTHER: &str = "\n  ";

/// Goes back to the beginning of the line and clears the line.
const WIPE: &str = "\r\x1b[2K";

/// All bars of this process.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// True if no bars are drawn: see [`draw_nothing`].
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Writes a message to stderr, as `tool: text`.
pub(crate) fn say(tool: &str, text: &str) {
    BARS.suspend(|| write(&format!("{tool}: {text}")));
}

/// Makes a text safe for people and writes it. Lines after the first are indented.
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

/// Says that this process draws no bars: messages are then written without clearing the line.
pub(crate) fn draw_nothing() {
    PLAIN.store(true, Ordering::Relaxed);
}

/// True if stderr is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Draws a bar from now on. The caller must keep its text on one line, with [`super::one_line`].
pub(crate) fn draw(bar: ProgressBar) -> ProgressBar {
    BARS.add(bar)
}

/// Removes all bars for good. For the end of the tool, when a thread that still runs may have a bar.
pub(crate) fn end_bars() {
    let _ = BARS.clear();
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}

/// Makes a panic write its place in the source, and its message if that is a literal: a formatted message may quote a row.
pub(crate) fn catch_panics(tool: &'static str) {
    std::panic::set_hook(Box::new(move |crash| {
        let place = crash.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let words = crash.payload().downcast_ref::<&'static str>().map(|words| format!(": {words}"));
        // Does not suspend the bars: the panic may have been in one of them.
        write(&format!("{tool}: a bug: crashed{}{}", place.unwrap_or_default(), words.unwrap_or_default()));
    }));
}
