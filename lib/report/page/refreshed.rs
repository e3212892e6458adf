//! The part of the page about a refresh: the result in one sentence, the command to undo it, migrations with time and output,
//! and the tables that changed.

use indicatif::HumanCount;
use maud::{Markup, html};

use super::draw::{log_share, two_bars};
use super::words;
use crate::document::{Document, Migration, MigrationStatus, Refresh, TableChange};
use crate::report::refresh::{Fate, Piece, changed, sentence};

/// At most so many tables are shown; the others are folded or only counted.
const TABLES_SHOWN: usize = 12;

pub(super) fn refreshed(document: &Document, refresh: &Refresh) -> Markup {
    let back = Fate::of(document, refresh) == Fate::Refreshed && refresh.previous.is_some();
    html! {
        h2 { "Refresh of " (refresh.target) }
        p {
            @for piece in &sentence(document, refresh) {
                @match piece {
                    Piece::Words(words) => (words),
                    Piece::Name(name) => b { (name) },
                }
            }
        }
        @if back { p { "The way back:" } pre { "dev-restore undo --target " (refresh.target) } }
        @if !refresh.migrations.is_empty() { (migrations(&refresh.migrations)) }
        @if Fate::of(document, refresh) == Fate::Refreshed {
            @if !refresh.changes.is_empty() { (changes(refresh)) }
            @else if !refresh.tables.is_empty() { (tables(refresh)) }
        }
    }
}

fn migrations(all: &[Migration]) -> Markup {
    html! {
        h2 { "Migrations" }
        table class="facts" cellpadding="5" {
            @for migration in all {
                @let bad = migration.status == MigrationStatus::Failed;
                tr {
                    td class="wide" {
                        (migration.name)
                        @if let Some(error) = &migration.error { pre { (error) } }
                        @if let Some(output) = &migration.output { details { summary { "output" } pre { (output) } } }
                    }
                    td class=(if bad { "bad" } else { "good" }) { (migration.status.word()) }
                    td class="number" align="right" { (words::seconds(migration.seconds)) }
                }
            }
        }
    }
}

/// Rows of each table before and now, the tables that changed most first.
fn changes(refresh: &Refresh) -> Markup {
    let changed = changed(refresh);
    let same = refresh.changes.len() - changed.len();
    let (shown, folded) = changed.split_at(changed.len().min(TABLES_SHOWN));
    let most = changed.iter().flat_map(|change| [change.before, change.after]).flatten().max().unwrap_or(0);
    html! {
        h2 { "What changed" span class="quiet" { " rows before in grey and now in blue, on a logarithmic scale" } }
        @if !shown.is_empty() { (change_list(shown, most)) }
        @if !folded.is_empty() {
            details { summary { (folded.len()) " more tables that changed" } (change_list(folded, most)) }
        }
        p class="quiet" {
            (same) @if same == 1 { " table has" } @else { " tables have" } " as many rows as before."
            @if refresh.uncounted > 0 { " " (refresh.uncounted) " more took too long to count." }
        }
    }
}

fn change_list(changes: &[&TableChange], most: u64) -> Markup {
    html! {
        table class="facts" cellpadding="5" {
            tr { th align="left" { "table" } th class="number" { "before" } th class="number" { "now" } th {} th class="wide" {} }
            @for change in changes {
                tr {
                    td class="name" { b { (change.table) } }
                    td class="number" align="right" { @if let Some(rows) = change.before { (HumanCount(rows)) } @else { "–" } }
                    td class="number" align="right" { @if let Some(rows) = change.after { (HumanCount(rows)) } @else { "–" } }
                    td class="picture" width="240" {
                        (two_bars(log_share(change.before.unwrap_or(0), most), log_share(change.after.unwrap_or(0), most)))
                    }
                    td class="wide quiet" { (difference(change)) }
                }
            }
        }
    }
}

/// The change of a table in words: `new`, `gone`, `+12`, `−3`.
fn difference(change: &TableChange) -> String {
    match (change.before, change.after) {
        (None, _) => "new".to_owned(),
        (_, None) => "gone".to_owned(),
        (Some(before), Some(after)) if after >= before => format!("+{}", HumanCount(after - before)),
        (Some(before), Some(after)) => format!("−{}", HumanCount(before - after)),
    }
}

/// The largest tables of the refreshed database, for a refresh that did not count changes.
fn tables(refresh: &Refresh) -> Markup {
    let mut all: Vec<_> = refresh.tables.iter().collect();
    all.sort_by_key(|table| std::cmp::Reverse(table.rows));
    let rest: u64 = all.iter().skip(TABLES_SHOWN).map(|table| table.rows).sum();
    html! {
        h2 { "What is there now" span class="quiet" { " as the dump brought it" } }
        table class="facts" cellpadding="5" {
            @for table in all.iter().take(TABLES_SHOWN) {
                tr { td { (table.table) } td class="number" align="right" { (HumanCount(table.rows)) " rows" } }
            }
        }
        @if all.len() > TABLES_SHOWN {
            p class="quiet" { (all.len() - TABLES_SHOWN) " more tables: " (HumanCount(rest)) " rows" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_most_comes_first_and_what_did_not_is_counted() {
        let change = |table: &str, before, after| TableChange {
            table: table.to_owned(),
            before,
            after,
            ..TableChange::default()
        };
        let refresh = Refresh {
            changes: vec![
                change("same", Some(4), Some(4)),
                change("less", Some(1000), Some(10)),
                change("more", Some(1), Some(2)),
                change("came", None, Some(500)),
                change("went", Some(0), None),
            ],
            uncounted: 3,
            ..Refresh::default()
        };
        let page = changes(&refresh).into_string();
        let at = |name: &str| page.find(&format!("<b>{name}</b>")).unwrap();
        assert!(at("less") < at("came") && at("came") < at("more"), "{page}");
        for told in ["−990", ">new<", ">gone<", ">+1<", "1 table has as many rows as before.", "3 more took"]
        {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(!page.contains("<b>same</b>"));
    }
}
