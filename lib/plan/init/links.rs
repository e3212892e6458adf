//! The section `[relations]`: what stands, what is doubtful, and foreign keys that say more than who owns a row.
//!
//! In: the catalog, foreign keys, proposals. Out: lines.

use super::texts::DECIDE;
use crate::catalog::{self, Catalog};
use crate::config::{toml_comment, toml_text};
use crate::plan::infer::proposals::Proposal;
use crate::plan::infer::roles::is_audit;
use crate::plan::rules::edge::{Edge, RelationOrigin};

/// The lines: those that stand, then the doubtful ones as comments.
pub(crate) fn lines(catalog: &Catalog, known: &[Edge], proposals: &[Proposal]) -> Vec<String> {
    let mut lines = audits(catalog, known);
    lines.extend(proposals.iter().filter(|p| p.stands).map(|p| p.text.clone()));
    lines.extend(proposals.iter().filter(|p| !p.stands).map(|p| format!("{DECIDE} doubtful: {}", p.text)));
    lines
}

/// Foreign keys of who did something to a row: one person who made all orders would bring them all.
fn audits(catalog: &Catalog, known: &[Edge]) -> Vec<String> {
    let audit = |edge: &&Edge| {
        edge.origin == RelationOrigin::ForeignKey
            && edge.child_columns.len() == 1
            && edge.down
            && is_audit(&catalog::words(&edge.child_columns[0]))
    };
    let line = |edge: &Edge| {
        let end =
            |table: usize, column: &str| toml_text(&catalog.written_column(&catalog.tables[table], column));
        format!(
            "{} = {{ to = {}, down = \"never\" }}  # {}",
            end(edge.child, &edge.child_columns[0]),
            end(edge.parent, &edge.parent_columns[0]),
            toml_comment("a foreign key, of who did something to the row: it does not make it theirs")
        )
    };
    known.iter().filter(audit).map(line).collect()
}
