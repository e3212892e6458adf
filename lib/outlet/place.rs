//! stderr: the only file that writes to it.
//!
//! In: who speaks, and what. Out: lines. A closed stderr is no reason to fail.

use std::io::{IsTerminal, Write};

use indicatif::ProgressDrawTarget;

use super::for_people;

/// How lines after the first are set in: a line that begins with the name of a tool is a tool's own.
const FURTHER: &str = "\n  ";

/// Says one thing to people, as `tool: text`.
pub(crate) fn say(tool: &str, text: &str) {
    write(&format!("{tool}: {text}"));
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
    let _ = writeln!(std::io::stderr().lock(), "{out}");
}

/// Whether a person looks on.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Where bars are drawn. Whoever draws shows one line: [`super::one_line`].
pub(crate) fn bars() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr()
}

/// A crash tells its place, and its words if they stood in the program: words that are put together may quote a row.
pub(crate) fn catch_panics(tool: &'static str) {
    std::panic::set_hook(Box::new(move |crash| {
        let place = crash.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let words = crash.payload().downcast_ref::<&'static str>().map(|words| format!(": {words}"));
        say(tool, &format!("a bug: crashed{}{}", place.unwrap_or_default(), words.unwrap_or_default()));
    }));
}
