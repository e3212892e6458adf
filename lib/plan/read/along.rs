//! Chooses tables that need no keys: their kept rows are all children of kept parents along the one relation that brings them.
//!
//! In: a blueprint. Out: the number of that relation for each such table. Each row is read through its parent, so the relation
//! needs no proof. A table needs keys if kept rows refer to it, if any relation has `drop`, or its own `nullify`, a cap or a
//! cast.

use std::collections::BTreeSet;

use super::whole_range::{self, KeptRows};
use crate::config::Up;
use crate::document::TableClass;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql::of;
use crate::plan::error::Error;
use crate::plan::rules::access;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::plan::rules::reading::Along;

/// At most this many kept rows may be outside of the ranges. They are read in one statement, since each chunk of them would read
/// all parents again.
const BESIDE_MAX: u64 = 100_000;

/// Decides anew which tables may be read along a relation.
pub(crate) fn ask(blueprint: &mut Blueprint) {
    blueprint.read.along.clear();
    if !blueprint.read.still {
        return;
    }
    let tables = 0..blueprint.catalog.tables.len();
    let downward = downward(blueprint);
    let asked = |table| Some((table, Along { edge: relation(blueprint, &downward, table)?, found: None }));
    blueprint.read.along = tables.filter_map(asked).collect();
}

/// Counts the kept rows of each such table. Tables for which this does not pay are struck out and returned: they need keys.
pub(crate) fn find_rows(
    house: &House,
    sessions: &mut [Session],
    blueprint: &mut Blueprint,
    last_down: u64,
) -> Result<Vec<usize>, Error> {
    let asked: Vec<(usize, usize)> =
        blueprint.read.along.iter().map(|(table, along)| (*table, along.edge)).collect();
    let looked = share_out(sessions, asked, |session, (table, edge)| {
        house.cancel.check()?;
        let (words, owner) = (blueprint.words(), blueprint.owner(edge));
        let Some(column) = whole_range::sortable(blueprint, table) else { return Ok((table, None)) };
        let values: Vec<String> = owner.child_columns.iter().map(|column| of("o", column)).collect();
        let mut conditions = vec![words.parent_kept(owner, &values, (0, last_down))];
        if let Some(filter) = &owner.filter {
            let own = words.table(table).sql();
            let same = format!("{} = {}", of("c", column), of("o", column));
            conditions.push(format!("EXISTS (SELECT 1 FROM {own} AS c WHERE {same} AND ({filter}))"));
        }
        let condition = conditions.join(" AND ");
        let rows = KeptRows {
            from: &words.rows_along(owner, last_down),
            key: &of("t", column),
            condition: &condition,
        };
        Ok((table, whole_range::find(session, blueprint, table, &rows)?))
    })?;
    let mut struck = Vec::new();
    for (table, found) in looked {
        match (found, blueprint.read.along.get_mut(&table)) {
            (Some(found), Some(along)) if found.beside() <= BESIDE_MAX => along.found = Some(found),
            _ => {
                blueprint.read.along.remove(&table);
                struck.push(table);
            }
        }
    }
    Ok(struck)
}

/// The tables whose rows can bring their children: roots, and tables that roots own, directly or not. A table that is only
/// referred to brings none, whatever its relations say.
fn downward(blueprint: &Blueprint) -> BTreeSet<usize> {
    let tables = 0..blueprint.catalog.tables.len();
    let mut all: BTreeSet<usize> =
        tables.filter(|table| blueprint.class(*table) == TableClass::Root).collect();
    loop {
        let owned = blueprint.edges.iter().filter(|edge| edge.down && all.contains(&edge.parent));
        let more: Vec<usize> = owned.map(|edge| edge.child).filter(|child| !all.contains(child)).collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// Number of the relation along which the rows of `table` can be read; none if they need keys.
fn relation(blueprint: &Blueprint, downward: &BTreeSet<usize>, table: usize) -> Option<usize> {
    let found = &blueprint.catalog.tables[table];
    if blueprint.class(table) != TableClass::Follow || found.rows_estimate < blueprint.read.rows_min {
        return None;
    }
    whole_range::sortable(blueprint, table)?;
    // `up = "drop"` takes rows back from key tables, along any relation.
    if blueprint.edges.iter().any(|edge| edge.up == Up::Drop) {
        return None;
    }
    let needed = |edge: &&Edge| edge.parent == table && (edge.down || edge.up != Up::Never);
    if blueprint.edges.iter().filter(needed).any(|edge| blueprint.comes(edge.child)) {
        return None;
    }
    let mut own = blueprint.edges.iter().filter(|edge| edge.child == table);
    if own.clone().any(|edge| edge.up == Up::Nullify) {
        return None;
    }
    let brings = |edge: &&Edge| {
        edge.down && downward.contains(&edge.parent) && blueprint.kept(edge.parent) == RowsFrom::Keys
    };
    let owner = own.find(brings)?;
    if own.any(|edge| brings(&edge)) {
        return None;
    }
    let plain = owner.cap.is_none() && owner.cast.is_none() && owner.up != Up::Never;
    let found = plain
        && access::indexed(found, owner)
        && blueprint.words().only_kept_parent(owner, "k", "c.v").is_some();
    found.then_some(owner.number)
}
