//! The proof: every reference of a kept row leads to a kept row, or was already broken in the source.
//!
//! In: finished key tables. Out: for each relation, how many kept child rows have no parent in the source (orphans,
//! reported), and how many have one that was left behind (dangling: the plan is refused).

use super::integrity_scan;
use crate::config::Up;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::conditions::{homeless, kept_rows};
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql::{self, ClosureSql};
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::progress::Unit;

/// What was found along one relation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RelationProof {
    /// Number of the relation, as [`Edge`] has it.
    pub edge: usize,
    /// Kept child rows whose parent was already missing in the source.
    pub orphans: u64,
    /// Kept child rows whose parent exists in the source but was not kept.
    pub dangling: u64,
}

/// Looks at every relation whose references must be intact. `integrity_scan` first finds those without a lost reference; along
/// the others, orphans and dangling references are counted.
pub fn examine(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    last_down: u64,
) -> Result<Vec<RelationProof>, Error> {
    let edges: Vec<&Edge> = blueprint.edges.iter().filter(|edge| matters(blueprint, edge)).collect();
    let task = house.progress.start("proving", Some(edges.len() as u64), Unit::Count);
    let whole = integrity_scan::whole(house, sessions, blueprint, &edges, last_down)?;
    task.add(whole.len() as u64);
    let doubtful = edges.into_iter().filter(|edge| !whole.contains(&edge.number)).collect();
    let found = share_out(sessions, doubtful, |session, edge| {
        house.cancel.check()?;
        let deed = format!("checking references of {}", edge.child_label(&blueprint.catalog));
        let sql = question(blueprint, edge, last_down);
        let (orphans, dangling) = session.first::<(u64, u64)>(&deed, &sql)?.unwrap_or_default();
        task.add(1);
        Ok(RelationProof { edge: edge.number, orphans, dangling })
    })?;
    let sound = whole.into_iter().map(|edge| RelationProof { edge, ..RelationProof::default() });
    let mut evidence: Vec<RelationProof> = sound.chain(found).collect();
    evidence.sort_by_key(|found| found.edge);
    Ok(evidence)
}

/// Refuses a plan in which a kept row refers to a row that was left behind.
pub fn judge(blueprint: &Blueprint, evidence: &[RelationProof]) -> Result<(), Error> {
    match evidence.iter().find(|found| found.dangling > 0) {
        None => Ok(()),
        Some(found) => {
            let edge = &blueprint.edges[found.edge - 1];
            Err(Error::Dangling {
                rows: found.dangling,
                child: edge.child_label(&blueprint.catalog),
                parent: edge.parent_label(&blueprint.catalog),
            })
        }
    }
}

fn matters(blueprint: &Blueprint, edge: &Edge) -> bool {
    matches!(edge.up, Up::Always | Up::Drop | Up::Nullify)
        // Each of these rows is read through its parent, which is kept.
        && blueprint.kept(edge.child) != RowsFrom::Along(edge.number)
        && blueprint.kept(edge.child) != RowsFrom::Nothing
        && matches!(blueprint.kept(edge.parent), RowsFrom::Keys | RowsFrom::All | RowsFrom::Along(_))
}

fn question(blueprint: &Blueprint, edge: &Edge, last_down: u64) -> String {
    let words = blueprint.words();
    let edge = &as_it_leaves(blueprint, words, edge);
    let (from, chosen) = kept_rows(blueprint, words, edge, last_down);
    let (parent_columns, lost, before, after) = parents(blueprint, words, edge, last_down);
    let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
    format!(
        "SELECT CAST(COALESCE(SUM({parent_columns} IS NULL AND {}), 0) AS UNSIGNED), \
         CAST(COALESCE(SUM({lost}), 0) AS UNSIGNED) \
         FROM {from}{before} LEFT JOIN {} AS p ON {}{after} AND {chosen} AND {}",
        words.means_something_of(edge, &values),
        words.table(edge.parent).sql(),
        words.parent_match(edge, "c.v"),
        ClosureSql::refers(edge),
    )
}

/// The relation without the references that `up = "nullify"` empties.
fn as_it_leaves(blueprint: &Blueprint, words: ClosureSql<'_>, edge: &Edge) -> Edge {
    let mut left = edge.clone();
    if edge.up == Up::Nullify {
        let homeless = homeless(blueprint, words, edge, false);
        let stays = format!("CASE WHEN {homeless} THEN 0 ELSE 1 END = 1");
        left.filter =
            Some(edge.filter.as_deref().map_or(stays.clone(), |filter| format!("({filter}) AND {stays}")));
    }
    left
}

/// Four pieces of SQL: a parent column that is NULL only if no parent exists; the condition that a parent was left behind; the
/// join before the parent table; the join behind it, with the beginning of WHERE. Where the key table alone tells whether a
/// parent is kept, it is joined first: then the parent table is read only for references without a kept parent.
fn parents(
    blueprint: &Blueprint,
    words: ClosureSql<'_>,
    edge: &Edge,
    last_down: u64,
) -> (String, String, String, String) {
    let known = sql::of("p", &edge.parent_columns[0]);
    if let RowsFrom::Along(owner) = blueprint.kept(edge.parent) {
        // `read/along.rs` chooses a table only if no kept row refers to it. The proof does not rely on this.
        let rows = words.rows_along(blueprint.owner(owner), last_down);
        let own: Vec<String> = words
            .table(edge.parent)
            .key()
            .iter()
            .map(|column| format!("{} = {}", column.of("t"), column.of("p")))
            .collect();
        let own = own.join(" AND ");
        let lost = format!("{known} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {rows} WHERE {own})");
        return (known, lost, String::new(), " WHERE TRUE".to_owned());
    }
    if blueprint.kept(edge.parent) != RowsFrom::Keys {
        return (known, "FALSE".to_owned(), String::new(), " WHERE TRUE".to_owned());
    }
    let keys = words.keys(edge.parent);
    let lost = format!("{known} IS NOT NULL");
    if let Some(matched) = words.only_kept_parent(edge, "kept", "c.v") {
        let before = format!(" LEFT JOIN {keys} AS kept ON {matched}");
        return (known, lost, before, " WHERE kept.p1 IS NULL".to_owned());
    }
    let own = words.key_join(edge.parent, "p").replace("k.p", "kept.p");
    let after = format!(" LEFT JOIN {keys} AS kept ON {own} WHERE TRUE");
    (known, format!("{lost} AND kept.p1 IS NULL"), String::new(), after)
}
