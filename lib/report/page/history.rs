//! The earlier nights, for the HTML page.
//!
//! In: a directory with a folder for each night and in it a `run.json`, as `--archive` writes it. Out: for each night the size of
//! the dump, the time and the result. Nights that cannot be read are left out: an old file must not make the report fail.

use std::path::Path;

use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use super::draw::Colour;
use super::words;
use crate::document::{self, Document};

/// At most so many nights are shown.
const NIGHTS: usize = 30;

/// The largest `run.json`: an archived document is small, but the file may be any other.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

const HEIGHT: f64 = 80.0;
const STEP: f64 = 20.0;

/// The facts about an earlier night.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    pub(super) run: String,
    pub(super) ok: bool,
    fallback: bool,
    at: Option<Timestamp>,
    pub(super) dump: Option<String>,
    bytes: u64,
    rows: u64,
    seconds: f64,
}

impl Past {
    /// Reads the nights of a directory, the newest first, without the run `but`, which the report is about.
    pub(crate) fn of(directory: &Path, but: &str) -> Vec<Self> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        // `latest` is skipped: it is a link to one of the folders.
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> = folders.map(|folder| folder.path()).collect();
        names.sort();
        let read = names.iter().rev().filter_map(|folder| read(&folder.join("run.json")));
        read.map(|document| Self::from_document(&document))
            .filter(|past| past.run != but)
            .take(NIGHTS)
            .collect()
    }

    fn from_document(document: &Document) -> Self {
        let dump = document.dump.as_ref().filter(|dump| !dump.name.is_empty());
        Self {
            run: document.run.clone(),
            ok: document.ok,
            fallback: document.snapshot.as_ref().is_some_and(|snapshot| snapshot.fallback),
            at: document.steps.iter().find_map(|step| step.started_at),
            dump: dump.map(|dump| dump.name.clone()),
            bytes: dump.map_or(0, |dump| dump.bytes),
            rows: dump.map_or(0, |dump| dump.rows),
            seconds: document.steps.iter().map(|step| step.seconds).sum(),
        }
    }

    fn outcome(&self) -> (&'static str, Colour) {
        match (self.ok, self.fallback) {
            (false, _) => ("FAILED", Colour::Bad),
            (true, true) => ("fallback", Colour::Look),
            (true, false) => ("ok", Colour::Good),
        }
    }
}

fn read(file: &Path) -> Option<Document> {
    document::parse(document::read_text(file, FILE_BYTES_MAX).ok()?.as_bytes()).ok()
}

/// One bar for each night, with the size of the dump as height and the result as colour; and a folded list of the same nights.
pub(super) fn history(past: &[Past]) -> Markup {
    if past.is_empty() {
        return PreEscaped(String::new());
    }
    let most = past.iter().map(|night| night.bytes).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a bar's height")]
    let height = |night: &Past| (night.bytes as f64 / most as f64 * (HEIGHT - 8.0)).max(4.0);
    #[expect(clippy::cast_precision_loss, reason = "thirty nights")]
    let bars = past.iter().rev().enumerate().map(|(at, night)| (at as f64 * STEP, night));
    html! {
        h2 { "The nights before" span class="quiet" { " height: the size of the dump; at most " (HumanBytes(most)) } }
        svg viewBox=(format!("0 0 {} {HEIGHT}", STEP * 30.0)) role="img" {
            @for (x, night) in bars {
                @let (word, colour) = night.outcome();
                rect class=(colour.class()) fill=(colour.fallback()) x=(x + 2.0) width=(STEP - 4.0) y=(format!("{:.1}", HEIGHT - height(night))) height=(format!("{:.1}", height(night))) {
                    title { (night.run) ": " (word) ", " (HumanBytes(night.bytes)) }
                }
            }
        }
        details {
            summary { (past.len()) " nights as a list" }
            table class="facts" cellpadding="5" {
                tr { th align="left" { "night" } th {} th class="number" { "dump" } th class="number" { "rows" } th class="number" { "time" } }
                @for night in past {
                    @let (word, colour) = night.outcome();
                    tr {
                        td { @match night.at { Some(time) => (words::at(time)), None => (night.run) } }
                        td class=(colour.class()) { font color=(colour.fallback()) { (word) } }
                        td class="number" align="right" { (HumanBytes(night.bytes)) }
                        td class="number" align="right" { (HumanCount(night.rows)) }
                        td class="number" align="right" { (words::seconds(night.seconds)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nights_before_are_read_newest_first_and_what_is_none_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let night = |name: &str, text: &str| {
            std::fs::create_dir(directory.path().join(name)).unwrap();
            std::fs::write(directory.path().join(name).join("run.json"), text).unwrap();
        };
        night(
            "20261121T020000Z",
            r#"{"schema":"refreshkit/1","run":"a","ok":true,"dump":{"name":"d.sql.gz","bytes":7}}"#,
        );
        night("20261122T020000Z", r#"{"schema":"refreshkit/1","run":"b","ok":false}"#);
        night("20261123T020000Z", r#"{"schema":"refreshkit/1","run":"now","ok":true}"#);
        night("20261124T020000Z", "no document");
        std::os::unix::fs::symlink("20261121T020000Z", directory.path().join("latest")).unwrap();
        let past = Past::of(directory.path(), "now");
        let runs: Vec<(&str, &str)> =
            past.iter().map(|night| (night.run.as_str(), night.outcome().0)).collect();
        assert_eq!(runs, [("b", "FAILED"), ("a", "ok")]);
        let page = history(&past).into_string();
        assert!(page.contains("2 nights as a list") && page.contains("b: FAILED, 0 B"), "{page}");
        assert!(Past::of(Path::new("/nonexistent"), "").is_empty());
    }
}
