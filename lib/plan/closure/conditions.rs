//! Conditions that several wings ask: which rows of a table without a key are kept, and which references lose their parent.

use super::sql::{ChildRows, ClosureSql};
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;

/// The rows of a table without a key that are kept, a condition over alias `c`: those with a kept parent.
pub(crate) fn kept_children(
    blueprint: &Blueprint,
    words: ClosureSql<'_>,
    table: usize,
    last_down: u64,
) -> String {
    let owners = blueprint
        .edges
        .iter()
        .filter(|edge| edge.child == table && edge.down && blueprint.kept(edge.parent) == RowsFrom::Keys);
    let reasons = owners.map(|edge| {
        let kept = words.parent_kept(edge, &words.values(edge), (0, last_down));
        edge.filter.as_deref().map_or(kept.clone(), |filter| format!("(({filter}) AND {kept})"))
    });
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() { "FALSE".to_owned() } else { reasons.join(" OR ") }
}

/// The kept rows of the edge's child, wherever they are written down: what stands in FROM, and a condition for WHERE.
pub(crate) fn kept_rows(
    blueprint: &Blueprint,
    words: ClosureSql<'_>,
    edge: &Edge,
    last_down: u64,
) -> (String, String) {
    match blueprint.kept(edge.child) {
        RowsFrom::Keys => words.kept_child_rows(edge, ChildRows::Kept),
        RowsFrom::Children => {
            let condition = kept_children(blueprint, words, edge.child, last_down);
            words.kept_child_rows(edge, ChildRows::Matching(&condition))
        }
        RowsFrom::Along(owner) => {
            words.kept_child_rows(edge, ChildRows::Along(blueprint.owner(owner), last_down))
        }
        RowsFrom::All | RowsFrom::Nothing => words.kept_child_rows(edge, ChildRows::All),
    }
}

/// A condition over alias `c` of the bare child table: it refers to a parent, and the parent does not come.
pub(crate) fn homeless(blueprint: &Blueprint, words: ClosureSql<'_>, edge: &Edge, existing: bool) -> String {
    let values = words.values(edge);
    let refers: Vec<String> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
    let comes = match blueprint.kept(edge.parent) {
        RowsFrom::Keys => words.parent_kept(edge, &values, (0, u64::from(u32::MAX))),
        RowsFrom::All => words.parent_exists(edge, &values),
        // Nothing that comes refers to a table that is read along a relation.
        RowsFrom::Along(_) | RowsFrom::Children | RowsFrom::Nothing => "FALSE".to_owned(),
    };
    let exists = words.parent_exists(edge, &values);
    let real = if existing {
        exists
    } else {
        // A word for "none" is a reference all the same where a parent is so called.
        format!("({} OR {exists})", words.means_something_of(edge, &values))
    };
    format!("{} AND {real} AND NOT {comes}", refers.join(" AND "))
}
