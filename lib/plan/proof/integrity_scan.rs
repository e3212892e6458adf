//! Finds, in few statements, the relations along which every reference of a kept row leads to a kept row.
//!
//! In: finished key tables, the relations in question. Out: the numbers of these relations. Along the others, a reference may
//! be an orphan, a value that means "none", or refer to a parent that was left behind: `examine` finds out which.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::config::Up;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;

/// At most this many relations are checked in one statement: the server joins at most 61 tables.
const RELATIONS_MAX: usize = 24;

/// Numbers of the relations whose kept child rows all have kept parents.
pub(crate) fn whole(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    edges: &[&Edge],
    last_down: u64,
) -> Result<BTreeSet<usize>, Error> {
    let mut tables: BTreeMap<usize, Vec<&Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| plain(blueprint, edge)) {
        tables.entry(edge.child).or_default().push(edge);
    }
    let jobs = tables.values().flat_map(|edges| edges.chunks(RELATIONS_MAX)).collect();
    let found = share_out(sessions, jobs, |session, edges: &[&Edge]| {
        house.cancel.check()?;
        let table = &blueprint.catalog.tables[edges[0].child];
        let deed = format!("checking references of {}", table.label());
        let row: Option<mysql::Row> = session.first(&deed, &question(blueprint, edges, last_down))?;
        let lost = |at: usize| row.as_ref().and_then(|row| row.get::<u64, usize>(at));
        let sound = edges.iter().enumerate().filter(|(at, _)| lost(*at) == Some(0));
        Ok(sound.map(|(_, edge)| edge.number).collect::<Vec<_>>())
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// True if one join, to the parent's key table or a full table, finds the only parent that a reference can have.
fn plain(blueprint: &Blueprint, edge: &Edge) -> bool {
    let words = blueprint.words();
    matches!(blueprint.kept(edge.child), RowsFrom::Keys | RowsFrom::Along(_))
        && edge.filter.is_none()
        && edge.cast.is_none()
        && edge.up != Up::Nullify
        && match blueprint.kept(edge.parent) {
            RowsFrom::Keys => words.only_kept_parent(edge, "k", "c.v").is_some(),
            RowsFrom::All => words.table(edge.parent).unique(&edge.parent_columns),
            RowsFrom::Along(_) | RowsFrom::Children | RowsFrom::Nothing => false,
        }
}

/// SELECT that counts, for each relation, the references that lead to no kept row.
fn question(blueprint: &Blueprint, edges: &[&Edge], last_down: u64) -> String {
    let words = blueprint.words();
    let child = words.table(edges[0].child);
    let mut counts = Vec::new();
    let mut from = match blueprint.kept(edges[0].child) {
        RowsFrom::Along(owner) => words.rows_along(blueprint.owner(owner), last_down),
        _ => format!(
            "{} AS k STRAIGHT_JOIN {} AS t ON {}",
            words.keys(edges[0].child),
            child.sql(),
            words.key_join(edges[0].child, "t")
        ),
    };
    for (n, edge) in edges.iter().enumerate() {
        let home = format!("h{n}");
        let keys = words.only_kept_parent(edge, &home, "\u{1}");
        let keys = keys.filter(|_| blueprint.kept(edge.parent) == RowsFrom::Keys);
        let (table, matched, known) = if let Some(matched) = keys {
            (words.keys(edge.parent), matched, format!("{home}.p1"))
        } else {
            let matched = words.match_behind(&home, edge, "\u{1}");
            let known = sql::of(&home, &edge.parent_columns[0]);
            (words.table(edge.parent).sql(), matched, known)
        };
        let values: Vec<String> = edge.child_columns.iter().map(|name| sql::of("t", name)).collect();
        let matched = sql::placed(&matched, &values);
        let _ = write!(from, " LEFT JOIN {table} AS {home} ON {matched}");
        let refers: Vec<String> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
        counts.push(format!(
            "CAST(COALESCE(SUM({known} IS NULL AND {}), 0) AS UNSIGNED)",
            refers.join(" AND ")
        ));
    }
    format!("SELECT {} FROM {from}", counts.join(", "))
}
