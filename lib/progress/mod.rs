//! What the person sees on stderr while a tool works: bars on a terminal, whole lines elsewhere.
//!
//! In: events from the rooms. Out: on a terminal, indicatif bars; otherwise one line for each event and, during a long task, at
//! most one a minute, because a build console does not act on a carriage return.

use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::outlet;

/// The least time between two lines of a long task where no bars are drawn.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// Warnings and errors only.
    None,
    /// Whole lines, one for each event
    Text,
    /// Bars that redraw themselves.
    Bar,
}

/// The unit in which a long task counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows of tables, read or written.
    Rows,
    /// Bytes, shown as KiB, MiB and so on.
    Bytes,
    /// Per cent, or anything else without a unit.
    Count,
    /// Nothing is counted: only the elapsed time is shown.
    Time,
}

/// Writes the lines and draws the bars of one tool on stderr.
#[derive(Debug)]
pub struct Progress {
    tool: &'static str,
    style: Style,
}

impl Progress {
    /// The progress of `tool`, in the style of `wish`, else with bars on a terminal and lines elsewhere.
    pub fn new(tool: &'static str, wish: Option<Style>) -> Self {
        let default = if outlet::is_terminal() { Style::Bar } else { Style::Text };
        let style = wish.unwrap_or(default);
        if style != Style::Bar {
            outlet::draw_nothing();
        }
        Self { tool, style }
    }

    /// A progress that shows warnings only, for tests.
    pub fn silent() -> Self {
        Self { tool: "test", style: Style::None }
    }

    /// Writes a line about an event, unless the style is `None`.
    pub fn say(&self, message: &str) {
        if self.style != Style::None {
            self.line(message);
        }
    }

    /// Writes a warning, in every style.
    pub fn warn(&self, message: &str) {
        self.line(&format!("warning: {message}"));
    }

    /// Begins a long task. Without a `total` its bar is a spinner.
    pub fn start(&self, what: &str, total: Option<u64>, unit: Unit) -> Task<'_> {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let bar = if self.style == Style::Bar { outlet::draw(bar) } else { bar };
        bar.set_style(bar_style(total.is_some(), unit));
        bar.set_prefix(format!("{}: {}", self.tool, shown_in_a_bar(what)));
        if self.style == Style::Bar {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Task {
            progress: self,
            bar,
            what: what.to_owned(),
            unit,
            spoke: Mutex::new(Instant::now()),
            done: AtomicU64::new(0),
        }
    }

    /// Takes the bars away and, on a terminal, says how long the tool took.
    pub fn end(&self, took: Duration) {
        outlet::end_bars();
        if self.style != Style::None && outlet::is_terminal() {
            self.line(&format!("done in {}", span(took)));
        }
    }

    fn line(&self, message: &str) {
        outlet::say(self.tool, message);
    }
}

/// Writes a length of time as people say it: `1.3 s`, `41 s`, `3 min 5 s`, `2 h 10 min`.
pub(crate) fn span(took: Duration) -> String {
    let whole = took.as_secs();
    match whole {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Makes a text fit for a bar: on one line, without passwords in URLs, since names come from anywhere.
fn shown_in_a_bar(text: &str) -> String {
    outlet::one_line(&outlet::without_userinfo(text)).into_owned()
}

fn bar_style(total_known: bool, unit: Unit) -> ProgressStyle {
    ProgressStyle::with_template(template(total_known, unit)).expect("the templates are well-formed")
}

fn template(total_known: bool, unit: Unit) -> &'static str {
    match (total_known, unit) {
        (true, Unit::Bytes) => "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg}",
        (true, _) => "{prefix} {bar:30} {human_pos}/{human_len} {eta} {wide_msg}",
        (false, Unit::Bytes) => "{spinner} {prefix} {bytes} {elapsed} {wide_msg}",
        (false, Unit::Time) => "{spinner} {prefix} {elapsed} {wide_msg}",
        (false, _) => "{spinner} {prefix} {human_pos} {elapsed} {wide_msg}",
    }
}

/// Whether the task that wrote its last line at `spoke` may write another.
fn is_due(spoke: Instant, now: Instant) -> bool {
    now.duration_since(spoke) >= LINE_INTERVAL
}

/// A long task with its bar. Dropping it without [`Task::finish`] leaves no line behind.
#[derive(Debug)]
pub struct Task<'a> {
    progress: &'a Progress,
    bar: ProgressBar,
    what: String,
    unit: Unit,
    spoke: Mutex<Instant>,
    done: AtomicU64,
}

impl Task<'_> {
    /// Adds `amount` to the count; callable from any thread.
    pub fn add(&self, amount: u64) {
        self.set(self.done.fetch_add(amount, Ordering::Relaxed) + amount);
    }

    /// Wraps a reader so that the task counts the bytes that are read through it.
    pub fn counting<R: Read>(&self, inner: R) -> impl Read {
        CountingReader { inner, task: self }
    }

    /// Sets the count, in the task's unit.
    pub fn set(&self, position: u64) {
        self.done.store(position, Ordering::Relaxed);
        self.bar.set_position(position);
        if self.progress.style == Style::Text {
            self.speak_up();
        }
    }

    /// Shows a word about the present step, such as the name of a table.
    pub fn message(&self, message: &str) {
        self.bar.set_message(shown_in_a_bar(message));
        if self.progress.style == Style::Text {
            self.speak_up();
        }
    }

    /// Ends the task with one line.
    pub fn finish(self, message: &str) {
        self.bar.finish_and_clear();
        self.progress.say(message);
    }

    fn speak_up(&self) {
        let Ok(mut spoke) = self.spoke.try_lock() else { return };
        let now = Instant::now();
        if !is_due(*spoke, now) {
            return;
        }
        *spoke = now;
        let total = self.bar.length().map_or(String::new(), |total| format!(" of {}", self.amount(total)));
        let done = self.amount(self.done.load(Ordering::Relaxed));
        self.progress.say(&format!("{}: {done}{total} {}", self.what, self.bar.message()));
    }

    fn amount(&self, value: u64) -> String {
        match self.unit {
            Unit::Bytes => indicatif::HumanBytes(value).to_string(),
            Unit::Rows => format!("{} rows", indicatif::HumanCount(value)),
            Unit::Count => indicatif::HumanCount(value).to_string(),
            Unit::Time => indicatif::FormattedDuration(self.bar.elapsed()).to_string(),
        }
    }
}

/// A reader that adds the bytes it has read to a task's count.
struct CountingReader<'a, 'b, R> {
    inner: R,
    task: &'a Task<'b>,
}

impl<R: Read> Read for CountingReader<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.task.add(read as u64);
        Ok(read)
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_there_is_one_line_a_minute() {
        let begin = Instant::now();
        let mut spoke = begin;
        let mut lines = Vec::new();
        for second in 0..=200 {
            let now = begin + Duration::from_secs(second);
            if is_due(spoke, now) {
                spoke = now;
                lines.push(second);
            }
        }
        assert_eq!(lines, [60, 120, 180]);
    }

    #[test]
    fn whatever_has_an_end_says_when_and_every_template_is_well_formed() {
        for unit in [Unit::Rows, Unit::Bytes, Unit::Count, Unit::Time] {
            assert!(template(true, unit).contains("{eta}"), "{unit:?}");
            assert!(!template(false, unit).contains("{eta}"), "{unit:?}");
            let _ = (bar_style(true, unit), bar_style(false, unit));
        }
        assert!(template(true, Unit::Bytes).contains("{bytes_per_sec}"));
    }

    #[test]
    fn times_are_said_as_exactly_as_somebody_wants_to_know() {
        let said = |millis| span(Duration::from_millis(millis));
        assert_eq!([said(40), said(9_940), said(10_100)], ["0.0 s", "9.9 s", "10 s"]);
        assert_eq!([said(185_000), said(7_800_000)], ["3 min 5 s", "2 h 10 min"]);
    }

    #[test]
    fn amounts_are_said_in_their_unit() {
        let progress = Progress::silent();
        let said = |unit, value| progress.start("work", Some(9), unit).amount(value);
        assert_eq!(said(Unit::Rows, 1_234_567), "1,234,567 rows");
        assert_eq!(said(Unit::Bytes, 3 << 20), "3.00 MiB");
        assert_eq!(said(Unit::Count, 12), "12");
    }
}
