//! The title of the page, and how it writes times.

use std::time::Duration;

use jiff::Timestamp;

use super::draw::Colour;
use crate::document::Document;
use crate::progress;
use crate::report::refresh::Fate;

/// The result of the run as title and colour; the title claims only what the document shows to have happened.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) title: String,
    pub(super) more: Option<String>,
    pub(super) colour: Colour,
}

impl Verdict {
    pub(super) fn of(document: &Document) -> Self {
        let fallback = document.snapshot.as_ref().filter(|snapshot| snapshot.fallback);
        let from =
            fallback.map(|snapshot| format!("This data is from the fallback snapshot {}.", snapshot.id));
        if let Some(error) = &document.error {
            let title = format!("{} in {}", failed(document, &error.code), error.tool);
            let more =
                [Some(error.message.clone()), from].into_iter().flatten().collect::<Vec<_>>().join(" ");
            return Self { title, more: Some(more), colour: Colour::Bad };
        }
        if let Some(refresh) = &document.refresh {
            let title = match Fate::of(document, refresh) {
                Fate::Refreshed => format!("{} was refreshed", refresh.target),
                Fate::Undone => format!("{} is what it was before", refresh.target),
                Fate::Rehearsed => format!("{} is as it was: this was a rehearsal", refresh.target),
                Fate::AsItWas => format!("{} is as it was", refresh.target),
                Fate::Unknown => format!("What {} is now is not known here", refresh.target),
            };
            return Self { title, more: from, colour: Colour::Good };
        }
        if from.is_some() {
            return Self { title: "It worked, on older data".to_owned(), more: from, colour: Colour::Look };
        }
        let title = if document.dump.is_some() { "The night worked" } else { "It worked, and made no dump" };
        Self { title: title.to_owned(), more: None, colour: Colour::Good }
    }
}

/// What failed, or was stopped by a signal: the refresh or the night.
fn failed(document: &Document, code: &str) -> String {
    let what = match &document.refresh {
        Some(refresh) => format!("The refresh of {}", refresh.target),
        None => "The night".to_owned(),
    };
    if code == "interrupted" { format!("{what} was stopped") } else { format!("{what} failed") }
}

/// A moment for people: `Sunday 29 November 2026, 14:09 UTC`.
pub(super) fn at(time: Timestamp) -> String {
    time.strftime("%A %-d %B %Y, %H:%M UTC").to_string()
}

/// The age of something from `of`, at the moment `seen`: `3 h old`.
pub(super) fn age(seen: Timestamp, of: Timestamp) -> String {
    let minutes = seen.duration_since(of).as_secs() / 60;
    match minutes {
        ..0 => "made during the run".to_owned(),
        0 => "new".to_owned(),
        1..120 => format!("{minutes} min old"),
        120..2880 => format!("{} h old", minutes / 60),
        _ => format!("{} days old", minutes / 1440),
    }
}

/// A length of time for people: `41 s`, `3 min 5 s`, `2 h 10 min`.
pub(super) fn seconds(seconds: f64) -> String {
    progress::span(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_people_say_them() {
        for (given, told) in [(1.26, "1.3 s"), (41.2, "41 s"), (185.0, "3 min 5 s"), (7800.0, "2 h 10 min")] {
            assert_eq!(seconds(given), told);
        }
        let run: Timestamp = "2026-11-29T14:09:00Z".parse().unwrap();
        assert_eq!(at(run), "Sunday 29 November 2026, 14:09 UTC");
        for (of, told) in [("2026-11-29T11:09:00Z", "3 h old"), ("2026-11-26T11:09:00Z", "3 days old")] {
            assert_eq!(age(run, of.parse().unwrap()), told);
        }
    }

    #[test]
    fn a_night_on_older_data_is_no_plain_success() {
        let mut document = Document::new("n");
        document.snapshot =
            Some(crate::document::Snapshot { id: "rds:x".into(), fallback: true, ..Default::default() });
        let verdict = Verdict::of(&document);
        assert_eq!((verdict.title.as_str(), verdict.colour), ("It worked, on older data", Colour::Look));
        assert!(verdict.more.unwrap().contains("fallback snapshot rds:x"));
    }
}
