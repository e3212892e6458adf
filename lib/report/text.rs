//! The report for people: steps, tables before and after, the dump, what is left to delete.

use std::fmt::Write;

use indicatif::{HumanBytes, HumanCount};

use super::refresh::{self, Fate};
use crate::document::{Dehydration, Document, Migration, MigrationStatus, Refresh, Resource, StepStatus};
use crate::outlet::one_line;

/// The run in one line: `ok · 25 tables, 14,210 of 233,118 rows · app-20261123T020000Z.sql.gz 1.2 MiB · 41 s`.
pub(crate) fn summary(document: &Document) -> String {
    let mut parts = vec![match &document.error {
        None => "ok".to_owned(),
        Some(error) => format!("FAILED in {}: {}", error.tool, error.message),
    }];
    if document.snapshot.as_ref().is_some_and(|snapshot| snapshot.fallback) {
        parts.push("FALLBACK snapshot".to_owned());
    }
    if let Some(plan) = &document.dehydration {
        let (before, after) = totals(plan);
        let tables = plan.tables.len();
        parts.push(format!("{tables} tables, {} of {} rows", HumanCount(after), HumanCount(before)));
    }
    match (&document.refresh, &document.dump) {
        (Some(refresh), _) => parts.push(refreshed_in_short(document, refresh)),
        (None, Some(dump)) => parts.push(format!("{} {}", dump.name, HumanBytes(dump.bytes))),
        (None, None) => {}
    }
    let seconds: f64 = document.steps.iter().map(|step| step.seconds).sum();
    parts.push(format!("{seconds:.0} s"));
    // A message may have several lines, but the summary must be one.
    one_line(&parts.join(" · ").replace(['\n', '\t'], " ")).into_owned()
}

/// A refresh in a few words: `dev3 <- 22 Nov @ feature/x, 3 migrations`.
fn refreshed_in_short(document: &Document, refresh: &Refresh) -> String {
    let target = &refresh.target;
    match Fate::of(document, refresh) {
        Fate::Refreshed => {
            let reference = refresh.reference.as_deref().map_or(String::new(), |name| format!(" @ {name}"));
            let applied = |migration: &&Migration| migration.status == MigrationStatus::Applied;
            let applied = refresh.migrations.iter().filter(applied).count();
            let ran = match applied {
                _ if refresh.reference.is_none() => String::new(),
                1 => ", 1 migration".to_owned(),
                many => format!(", {many} migrations"),
            };
            let only = match &refresh.only[..] {
                [] => String::new(),
                only => format!(" (only {})", only.join(", ")),
            };
            format!("{target} <- {}{only}{reference}{ran}", day(document, refresh))
        }
        Fate::Undone => format!("{target} <- what it was before"),
        Fate::Rehearsed | Fate::AsItWas => format!("{target} is as it was"),
        Fate::Unknown => format!("{target}: see dev-restore status"),
    }
}

/// The day that the dump's data is from; the name of the dump if the day is not known.
fn day(document: &Document, refresh: &Refresh) -> String {
    let as_of = document.dump.as_ref().and_then(|dump| dump.as_of);
    as_of.map_or_else(|| refresh.dump.clone(), |time| time.strftime("%-d %b").to_string())
}

pub(crate) fn totals(plan: &Dehydration) -> (u64, u64) {
    plan.tables.iter().fold((0, 0), |(before, after), table| (before + table.rows_before, after + table.rows))
}

/// The whole report of a run as text.
pub(crate) fn text(document: &Document) -> String {
    let mut out = format!("run {}: {}\n", one_line(&document.run), summary(document));
    steps(&mut out, document);
    warned(&mut out, document);
    if let Some(refresh) = &document.refresh {
        refreshed(&mut out, document, refresh);
    }
    if let Some(plan) = &document.dehydration {
        tables(&mut out, plan);
        edges(&mut out, plan);
    }
    if let Some(rotation) = &document.rotation {
        let lines = |out: &mut String, word: &str, list: &[crate::document::RotationVerdict]| {
            for verdict in list {
                let _ =
                    writeln!(out, "  {word:<8} {}  ({})", one_line(&verdict.name), one_line(&verdict.reason));
            }
        };
        out.push_str("\ndumps\n");
        lines(&mut out, "kept", &rotation.kept);
        lines(&mut out, "removed", &rotation.removed);
    }
    if !document.resources.is_empty() {
        out.push_str("\nstill to delete (rds-drop --run ");
        let _ = writeln!(out, "{})", one_line(&document.run));
        for resource in &document.resources {
            let _ = writeln!(out, "  {} {}", one_line(&kind_word(resource)), one_line(&resource.id));
        }
    }
    out
}

fn steps(out: &mut String, document: &Document) {
    out.push_str("\nsteps\n");
    for step in &document.steps {
        let word = match step.status {
            StepStatus::Ok => "ok",
            StepStatus::Failed => "FAILED",
            StepStatus::Skipped => "skipped",
        };
        let (tool, note) = (one_line(&step.tool), step.note.replace('\n', "\n      "));
        let _ = writeln!(out, "  {tool:<14} {word:<8} {:>7.1} s  {note}", step.seconds);
    }
    if let Some(hint) = document.error.as_ref().and_then(|error| error.hint.as_deref()) {
        // Indented lines of a hint are still valid lines of refresh.toml.
        let _ = writeln!(out, "  hint: {}", hint.replace('\n', "\n  "));
    }
}

/// The warnings of a run: why a fallback was taken, and the warnings of the plan.
pub(crate) fn warnings(document: &Document) -> impl Iterator<Item = &str> {
    let fallback = document.snapshot.as_ref().and_then(|snapshot| snapshot.fallback_reason.as_deref());
    let planned = document.dehydration.iter().flat_map(|plan| &plan.warnings).map(String::as_str);
    fallback.into_iter().chain(planned)
}

fn warned(out: &mut String, document: &Document) {
    let mut lines = warnings(document).peekable();
    if lines.peek().is_some() {
        out.push_str("\nwarnings\n");
    }
    for line in lines {
        let _ = writeln!(out, "  {}", line.replace('\n', "\n    "));
    }
}

/// At most so many changed tables are shown; the others are counted.
const CHANGES_SHOWN: usize = 12;

/// The refresh: the result in one sentence, each migration with its error, and the tables that changed.
fn refreshed(out: &mut String, document: &Document, refresh: &Refresh) {
    let _ = writeln!(
        out,
        "\nrefresh of {}\n  {}",
        one_line(&refresh.target),
        one_line(&refresh::plain(document, refresh))
    );
    for migration in &refresh.migrations {
        let (word, seconds) = (migration.status.word(), migration.seconds);
        let _ = writeln!(out, "  {:<15} {seconds:>7.1} s  {}", one_line(word), one_line(&migration.name));
        for line in migration.error.iter().flat_map(|error| error.lines()) {
            let _ = writeln!(out, "      {line}");
        }
    }
    let changed = refresh::changed(refresh);
    if !changed.is_empty() {
        out.push_str("  rows before -> now, of the tables that changed most\n");
    }
    for change in changed.iter().take(CHANGES_SHOWN) {
        let said = |rows: Option<u64>| rows.map_or("none".to_owned(), |rows| HumanCount(rows).to_string());
        let (before, now) = (said(change.before), said(change.after));
        let _ = writeln!(out, "    {before:>12} -> {now:<12} {}", one_line(&change.table));
    }
    if changed.len() > CHANGES_SHOWN {
        let _ = writeln!(out, "    and {} more tables", changed.len() - CHANGES_SHOWN);
    }
}

fn tables(out: &mut String, plan: &Dehydration) {
    out.push_str(
        "\ntable                                 rows before       kept   share  class   masked columns\n",
    );
    for table in &plan.tables {
        let name = if plan.databases.len() > 1 {
            format!("{}.{}", table.database, table.table)
        } else {
            table.table.clone()
        };
        let masked: Vec<&str> =
            table.columns.iter().filter(|c| c.mask.is_some()).map(|c| c.name.as_str()).collect();
        let _ = writeln!(
            out,
            "{:<36} {:>12} {:>10}  {:>5.1}%  {:<7} {}",
            one_line(&name),
            HumanCount(table.rows_before).to_string(),
            HumanCount(table.rows).to_string(),
            share(table.rows, table.rows_before),
            one_line(table.class.word()),
            one_line(&masked.join(", "))
        );
    }
    let (before, after) = totals(plan);
    let (before_text, after_text) = (HumanCount(before).to_string(), HumanCount(after).to_string());
    let _ = writeln!(out, "{:<36} {before_text:>12} {after_text:>10}  {:>5.1}%", "all", share(after, before));
}

fn edges(out: &mut String, plan: &Dehydration) {
    let busy: Vec<_> =
        plan.edges.iter().filter(|e| e.down_rows + e.up_rows + e.orphans + e.dangling > 0).collect();
    if busy.is_empty() {
        return;
    }
    out.push_str(
        "\nrelation                                                     rows down    rows up  orphans\n",
    );
    for edge in busy {
        let relation = format!("{} -> {}", edge.child, edge.parent);
        let _ = writeln!(
            out,
            "{:<60} {:>10} {:>10} {:>8}",
            one_line(&relation),
            HumanCount(edge.down_rows).to_string(),
            HumanCount(edge.up_rows).to_string(),
            HumanCount(edge.orphans).to_string()
        );
    }
    let _ = writeln!(out, "references of kept rows that lost their parent: {}", plan.dangling);
}

pub(crate) fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share is shown with one digit")]
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    share
}

/// The word for a resource's kind in the document: `cluster-snapshot`.
pub(crate) fn kind_word(resource: &Resource) -> String {
    serde_json::to_value(&resource.kind)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
