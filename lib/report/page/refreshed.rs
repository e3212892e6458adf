//! What became of a developer's database: the sentence, each migration with its time and output, the way back.

use indicatif::HumanCount;
use maud::{Markup, html};

use super::words;
use crate::document::{Document, Migration, MigrationStatus, Refresh};
use crate::report::refresh::{Fate, Piece, sentence};

/// Tables that are shown at once.
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
        @if Fate::of(document, refresh) == Fate::Refreshed && !refresh.tables.is_empty() { (tables(refresh)) }
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

/// The largest tables of what is there now.
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
