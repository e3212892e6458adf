//! The report as one HTML page.
//!
//! In: any document, and the nights before it. Out: a page that begins with the result, the age of the data and what a person
//! must do. Build servers serve archived pages under `default-src 'none'; img-src 'self'; style-src 'self'` (Jenkins:
//! `DirectoryBrowserSupport`). So the page has no scripts and no styles: bars are inline SVG, and the style sheet [`CSS`] is a
//! file beside the page. If the style sheet is not loaded, attributes give colours and widths. The templates escape all text from
//! outside.

mod draw;
mod history;
mod night;
mod refreshed;
mod words;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(super) use history::Past;

use super::text::{kind_word, warnings};
use crate::document::{Document, Step, StepStatus};
use draw::{Colour, bar};
use words::{Verdict, age, at};

/// Name of the style sheet's file, beside the page.
pub(super) const CSS_NAME: &str = "report.css";

/// The style sheet of the page.
pub(super) const CSS: &str = include_str!("report.css");

/// The whole HTML page of a run.
pub(super) fn page(document: &Document, past: &[Past]) -> String {
    let verdict = Verdict::of(document);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "refreshkit " (document.run) }
                link rel="stylesheet" href=(CSS_NAME);
            }
            body {
                (head(document, &verdict))
                (todo(document, past))
                @if let Some(refresh) = &document.refresh { (refreshed::refreshed(document, refresh)) }
                (night::tiles(document))
                (timeline(&document.steps))
                @if let Some(plan) = &document.dehydration { (night::tables(plan)) (night::relations(plan)) }
                (history::history(past))
                @if let Some(rotation) = &document.rotation { (night::dumps(rotation)) }
            }
        }
    };
    page.into_string()
}

/// The head of the page: the result, when the run began, and the age of its data.
fn head(document: &Document, verdict: &Verdict) -> Markup {
    let begun = document.steps.iter().find_map(|step| step.started_at);
    html! {
        table class=(format!("verdict {}", verdict.colour.class())) width="100%" cellpadding="12" {
            tr { td bgcolor=(verdict.colour.fallback()) { font color="#ffffff" {
                h1 { (verdict.title) }
                p {
                    @if let Some(begun) = begun { (at(begun)) " · " }
                    @if let Some(data) = data_of(document) { (data) " · " }
                    "run " (document.run)
                }
                @if let Some(more) = &verdict.more { p { (more) } }
            } } }
        }
    }
}

/// When the data was in production, and its age at the time of the run: the page may be read months later.
fn data_of(document: &Document) -> Option<String> {
    let data = data_time(document)?;
    let seen = document.steps.iter().find_map(|step| step.started_at).unwrap_or_else(Timestamp::now);
    Some(format!("data of {} ({})", at(data), age(seen, data)))
}

/// When the data was in production: the time of the snapshot, else `as_of` of the dump.
pub(super) fn data_time(document: &Document) -> Option<Timestamp> {
    let snapshot = document.snapshot.as_ref().and_then(|snapshot| snapshot.created_at);
    snapshot.or_else(|| document.dump.as_ref().and_then(|dump| dump.as_of))
}

/// What a person must do: the hint with its lines to paste, resources to delete, warnings; after a failure the last good dump.
fn todo(document: &Document, past: &[Past]) -> Markup {
    let hint = document.error.as_ref().and_then(|error| error.hint.as_deref());
    let lines: Vec<&str> = warnings(document).collect();
    let last_good = past.iter().find(|night| night.ok && night.dump.is_some()).filter(|_| !document.ok);
    html! {
        @if let Some(hint) = hint { div class="todo" { (advice(hint)) } }
        @if !document.resources.is_empty() {
            div class="todo" {
                p { b class="bad" { "Still to delete: " } "rds-drop has left these, and they cost money." }
                pre { "rds-drop --run " (document.run) }
                ul { @for resource in &document.resources { li { (kind_word(resource)) " " (resource.id) } } }
            }
        }
        @if !lines.is_empty() {
            div class="todo" {
                p { b { "Warnings" } }
                ul { @for line in lines { li { (line) } } }
            }
        }
        @if let Some(good) = last_good {
            p { "The last good dump: " b { (good.dump.as_deref().unwrap_or_default()) } " of run " (good.run) }
        }
    }
}

/// A hint: its first line is a sentence, and further lines are lines of refresh.toml, shown unchanged for pasting.
fn advice(hint: &str) -> Markup {
    let (sentence, lines) = hint.split_once('\n').map_or((hint, None), |(first, rest)| (first, Some(rest)));
    html! {
        p { b { "What to do: " } (sentence) }
        @if let Some(lines) = lines { pre { (lines) } }
    }
}

/// One bar for each tool, from its start to its end on the time axis of the run.
fn timeline(steps: &[Step]) -> Markup {
    if steps.is_empty() {
        return PreEscaped(String::new());
    }
    let first = steps.iter().filter_map(|step| step.started_at).min();
    let offset = |step: &Step| match (first, step.started_at) {
        (Some(first), Some(started)) => started.duration_since(first).as_secs_f64().max(0.0),
        _ => 0.0,
    };
    let total = steps.iter().map(|step| offset(step) + step.seconds).fold(0.001, f64::max);
    html! {
        h2 { "Timeline" span class="quiet" { " " (words::seconds(total)) } }
        table class="facts" cellpadding="5" {
            @for step in steps {
                @let (word, colour) = status(step.status);
                tr {
                    td class="name" { b { (step.tool) } }
                    td class=(colour.class()) { font color=(colour.fallback()) { (word) } }
                    td class="number" align="right" { (words::seconds(step.seconds)) }
                    td class="picture" width="300" { (bar(offset(step) / total, (offset(step) + step.seconds) / total, colour)) }
                    td class="wide quiet" { (step.note) }
                }
            }
        }
    }
}

fn status(status: StepStatus) -> (&'static str, Colour) {
    match status {
        StepStatus::Ok => ("ok", Colour::Good),
        StepStatus::Failed => ("FAILED", Colour::Bad),
        StepStatus::Skipped => ("skipped", Colour::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ErrorReport, Snapshot};

    fn html(document: &Document) -> String {
        page(document, &[])
    }

    fn failed() -> Document {
        let mut document = Document::new("night-<1>");
        document.fail(ErrorReport {
            tool: "rds-wait".into(),
            code: "timeout".into(),
            exit: 75,
            message: "<script>alert(1)</script> & \"quotes\"".into(),
            hint: Some("wait".into()),
            retryable: true,
            other: serde_json::Map::new(),
        });
        document.snapshot = Some(Snapshot { id: "rds:one".into(), fallback: true, ..Snapshot::default() });
        document
    }

    #[test]
    fn what_came_from_outside_is_escaped() {
        let page = html(&failed());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"), "{page}");
        assert!(page.contains("night-&lt;1&gt;"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn nothing_in_the_page_needs_what_a_build_server_forbids() {
        let page = html(&failed());
        for word in ["style=", "<style", "<script", "<img", "data:", "http:", "https:", "javascript:"] {
            assert!(!page.contains(word), "{word}");
        }
        assert_eq!(page.matches("<link").count(), 1);
        assert!(page.contains("fallback snapshot rds:one"));
        assert!(!CSS.contains("url(") && !CSS.contains("@import"), "it needs nothing else");
    }

    #[test]
    fn a_step_begins_where_it_began_and_not_at_the_left() {
        let step = |tool: &str, started: &str, seconds| Step {
            tool: tool.into(),
            version: String::new(),
            started_at: Some(started.parse().unwrap()),
            seconds,
            status: StepStatus::Ok,
            note: String::new(),
            other: serde_json::Map::new(),
        };
        let steps = [step("a", "2026-11-23T02:00:00Z", 10.0), step("b", "2026-11-23T02:00:30Z", 10.0)];
        let page = timeline(&steps).into_string();
        assert!(page.contains(r#"x="0.0" y="1" width="150.0""#), "{page}");
        assert!(page.contains(r#"x="450.0" y="1" width="150.0""#), "{page}");
    }
}
