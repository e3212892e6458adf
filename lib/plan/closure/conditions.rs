//! Conditions that several wings use: which rows of a table without a key are kept, and which references lose their parent.

use super::sql::{ChildRows, ClosureSql};
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;

/// Condition over alias `c` for the kept rows of a table without a key: a parent that owns the row is kept.
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

/// The kept rows of the edge's child, with or without a key table: text for FROM, and a condition for WHERE.
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

/// Condition over alias `c` of the bare child table: the row refers to a parent that is not kept (`existing`: but exists).
pub(crate) fn homeless(blueprint: &Blueprint, words: ClosureSql<'_>, edge: &Edge, existing: bool) -> String {
    let values = words.values(edge);
    let refers: Vec<String> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
    let comes = match blueprint.kept(edge.parent) {
        RowsFrom::Keys => words.parent_kept(edge, &values, (0, u64::from(u32::MAX))),
        RowsFrom::All => words.parent_exists(edge, &values),
        // No kept row refers to a table that is read along a relation: see `read/along.rs`.
        RowsFrom::Along(_) | RowsFrom::Children | RowsFrom::Nothing => "FALSE".to_owned(),
    };
    let exists = words.parent_exists(edge, &values);
    let real = if existing {
        exists
    } else {
        // A value such as 0 or '' means "none", unless a parent has this value.
        format!("({} OR {exists})", words.means_something_of(edge, &values))
    };
    format!("{} AND {real} AND NOT {comes}", refers.join(" AND "))
}
