//! The report as one HTML page.
//!
//! In: any document. Out: a page without scripts, styles, images or links to other files, since build servers serve
//! archived pages under `default-src 'none'` (Jenkins: `DirectoryBrowserSupport`): colours and widths are attributes, bars
//! are inline SVG. Everything that came from outside is escaped by the templates.

use indicatif::{HumanBytes, HumanCount};
use maud::{DOCTYPE, Markup, html};

use super::refresh::{self, Piece};
use super::text::{share, summary, totals, warnings};
use crate::document::{
    Dehydration, Document, MigrationStatus, Refresh, Rotation, Step, StepStatus, TablePlan,
};

const GREEN: &str = "#1a7f37";
const RED: &str = "#cf222e";
const GREY: &str = "#8c959f";
const HEAD: &str = "#eaeef2";

/// Pixels of the widest bar.
const BAR: f64 = 240.0;

/// The whole page.
pub(super) fn html(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "refreshkit " (document.run) }
            }
            body bgcolor="#ffffff" text="#1f2328" {
                (verdict(document))
                (attention(document))
                h2 { "Steps" }
                (timeline(&document.steps))
                @if let Some(refresh) = &document.refresh { (refreshed(document, refresh)) }
                @if let Some(plan) = &document.dehydration { (tables(plan)) (relations(plan)) }
                @if let Some(rotation) = &document.rotation { (dumps(rotation)) }
                (left(document))
            }
        }
    };
    page.into_string()
}

/// The first thing to see: green or red.
fn verdict(document: &Document) -> Markup {
    html! {
        table width="100%" cellpadding="12" {
            tr { td bgcolor=(if document.ok { GREEN } else { RED }) {
                font color="#ffffff" size="5" { b { "refreshkit " (document.run) } }
                br;
                font color="#ffffff" { (summary(document)) }
            } }
        }
        @if let Some(hint) = document.error.as_ref().and_then(|error| error.hint.as_deref()) {
            (advice(hint))
        }
    }
}

/// A sentence; and what follows it are lines of refresh.toml, to be pasted to the letter.
fn advice(hint: &str) -> Markup {
    let (sentence, lines) = hint.split_once('\n').map_or((hint, None), |(first, rest)| (first, Some(rest)));
    html! {
        p { b { "Hint: " } (sentence) }
        @if let Some(lines) = lines { pre { (lines) } }
    }
}

/// What a person should look at; a fallback is red.
fn attention(document: &Document) -> Markup {
    let fallback = document.snapshot.as_ref().filter(|snapshot| snapshot.fallback);
    let lines: Vec<&str> = warnings(document).collect();
    html! {
        @if let Some(snapshot) = fallback {
            table cellpadding="8" { tr { td bgcolor=(RED) {
                font color="#ffffff" { b { "This data is from the fallback snapshot " (snapshot.id) } }
            } } }
        }
        @if !lines.is_empty() {
            h2 { "Warnings" }
            ul { @for line in lines { li { (line) } } }
        }
    }
}

fn timeline(steps: &[Step]) -> Markup {
    let longest = steps.iter().map(|step| step.seconds).fold(0.001, f64::max);
    html! {
        table cellpadding="5" {
            (heads(&["tool", "", "seconds", "", "what"]))
            @for step in steps {
                @let (word, colour) = status(step.status);
                tr {
                    td { b { (step.tool) } }
                    td { font color=(colour) { (word) } }
                    td align="right" { (format!("{:.1}", step.seconds)) }
                    td { (bar(step.seconds / longest, colour)) }
                    td { (step.note) }
                }
            }
        }
    }
}

fn status(status: StepStatus) -> (&'static str, &'static str) {
    match status {
        StepStatus::Ok => ("ok", GREEN),
        StepStatus::Failed => ("FAILED", RED),
        StepStatus::Skipped => ("skipped", GREY),
    }
}

fn heads(names: &[&str]) -> Markup {
    html! { tr bgcolor=(HEAD) { @for name in names { th align="left" { (name) } } } }
}

/// A bar of a share between 0 and 1, the whole behind it in light grey.
fn bar(share: f64, colour: &str) -> Markup {
    let width = (share.clamp(0.0, 1.0) * BAR).max(1.0);
    html! {
        svg width=(BAR) height="12" role="img" {
            rect width=(BAR) height="12" fill=(HEAD) {}
            rect width=(format!("{width:.0}")) height="12" fill=(colour) {}
        }
    }
}

fn refreshed(document: &Document, refresh: &Refresh) -> Markup {
    let sentence = refresh::sentence(document, refresh);
    html! {
        h2 { "Refresh of " (refresh.target) }
        p {
            @for piece in &sentence {
                @match piece {
                    Piece::Words(words) => (words),
                    Piece::Name(name) => b { (name) },
                }
            }
        }
        @if !refresh.migrations.is_empty() {
            table cellpadding="5" {
                (heads(&["migration", "", "seconds"]))
                @for migration in &refresh.migrations {
                    tr {
                        td {
                            (migration.name)
                            @for part in [&migration.error, &migration.output].into_iter().flatten() {
                                details { summary { "output" } pre { (part) } }
                            }
                        }
                        td { font color=(if migration.status == MigrationStatus::Failed { RED } else { GREEN }) { (migration.status.word()) } }
                        td align="right" { (format!("{:.1}", migration.seconds)) }
                    }
                }
            }
        }
    }
}

fn tables(plan: &Dehydration) -> Markup {
    let (before, after) = totals(plan);
    html! {
        h2 { "Tables: " (HumanCount(after)) " of " (HumanCount(before)) " rows come along" }
        table cellpadding="5" {
            (heads(&["table", "class", "before", "kept", "share", "masked columns"]))
            @for table in &plan.tables { (table_row(plan, table)) }
        }
    }
}

fn table_row(plan: &Dehydration, table: &TablePlan) -> Markup {
    let masked: Vec<&str> =
        table.columns.iter().filter(|column| column.mask.is_some()).map(|c| c.name.as_str()).collect();
    let percent = share(table.rows, table.rows_before);
    html! {
        tr {
            td { @if plan.databases.len() > 1 { (table.database) "." } b { (table.table) } }
            td { (table.class.word()) }
            td align="right" { (HumanCount(table.rows_before)) }
            td align="right" { (HumanCount(table.rows)) }
            td { (bar(percent / 100.0, GREEN)) " " (format!("{percent:.1} %")) }
            td { (masked.join(", ")) }
        }
    }
}

fn relations(plan: &Dehydration) -> Markup {
    html! {
        p {
            "References of kept rows that lost their parent: "
            b { font color=(if plan.dangling == 0 { GREEN } else { RED }) { (plan.dangling) } }
        }
        details {
            summary { "What each of " (plan.edges.len()) " relations added" }
            table cellpadding="5" {
                (heads(&["child", "parent", "origin", "rows down", "rows up", "orphans"]))
                @for edge in &plan.edges {
                    tr {
                        td { (edge.child) }
                        td { (edge.parent) }
                        td { (edge.origin) }
                        @for count in [edge.down_rows, edge.up_rows, edge.orphans] {
                            td align="right" { (HumanCount(count)) }
                        }
                    }
                }
            }
        }
    }
}

fn dumps(rotation: &Rotation) -> Markup {
    let lists = [("kept", &rotation.kept), ("removed", &rotation.removed)];
    html! {
        h2 { "Dumps" }
        table cellpadding="5" {
            (heads(&["dump", "", "why"]))
            @for (word, list) in lists {
                @for dump in list { tr { td { (dump.name) } td { (word) } td { (dump.reason) } } }
            }
        }
    }
}

/// What the run made, and what it still owes a deletion.
fn left(document: &Document) -> Markup {
    html! {
        @if let Some(dump) = &document.dump {
            p { "Dump " b { (dump.name) } ": " (HumanCount(dump.rows)) " rows, " (HumanBytes(dump.bytes)) }
        }
        @if !document.resources.is_empty() {
            h2 { font color=(RED) { "Still to delete" } }
            p { "Run " code { "rds-drop --run " (document.run) } }
            ul { @for resource in &document.resources { li { (super::text::kind_word(resource)) " " (resource.id) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ErrorReport, Snapshot};

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
        for word in
            ["style=", "<style", "<script", "<link", "<img", "data:", "http:", "https:", "javascript:"]
        {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("fallback snapshot rds:one"));
    }
}
