//! Takes back rows whose parent is not kept (`up = "drop"`), and rows that refer to those.
//!
//! In: complete key tables. Out: the largest part of them in which all these references lead to kept rows. A row taken
//! back can leave others without a parent, so the steps repeat until nothing changes; sets only shrink, so the order of
//! relations does not matter.

use std::collections::BTreeMap;

use super::conditions::homeless;
use crate::config::Up;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::work_schema;

/// Takes rows back. Returns how many for each relation with `up = "drop"`.
pub(crate) fn take_rows_back(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
) -> Result<Vec<(usize, u64)>, Error> {
    let keyed = |edge: &&Edge| blueprint.kept(edge.child) == RowsFrom::Keys;
    let strict: Vec<&Edge> =
        blueprint.edges.iter().filter(keyed).filter(|edge| edge.up == Up::Drop).collect();
    if strict.is_empty() {
        return Ok(Vec::new());
    }
    let cascade: Vec<&Edge> = blueprint.up().filter(keyed).collect();
    let mut dropped: BTreeMap<usize, u64> = BTreeMap::new();
    let mut cascaded = 0;
    loop {
        let mut gone = 0;
        for edge in &strict {
            house.cancel.check()?;
            let rows = take_back(session, blueprint, edge, false)?;
            *dropped.entry(edge.number).or_default() += rows;
            gone += rows;
        }
        if gone + cascaded == 0 {
            return Ok(dropped.into_iter().collect());
        }
        cascaded = 0;
        for edge in &cascade {
            house.cancel.check()?;
            cascaded += take_back(session, blueprint, edge, true)?;
        }
    }
}

/// Takes back the edge's child rows whose parent is not kept; with `existing`, only if the parent exists in the source.
fn take_back(
    session: &mut Session,
    blueprint: &Blueprint,
    edge: &Edge,
    existing: bool,
) -> Result<u64, Error> {
    let words = blueprint.words();
    let here = work_schema::dropped_keys(&blueprint.work_schema, edge.number);
    let deed = format!("dropping rows of {} without a parent", edge.child_label(&blueprint.catalog));
    session.run(&deed, &format!("DROP TABLE IF EXISTS {here}"))?;
    session.run(&deed, &work_schema::key_table(&here, words.table(edge.child)))?;
    // Two steps, because MySQL cannot delete from a table that the same statement reads (self references).
    let insert = format!(
        "INSERT INTO {here} ({}, gen, edge) SELECT {}, 0, 0 FROM {} AS k STRAIGHT_JOIN {} ON {} \
         WHERE TRUE ON DUPLICATE KEY UPDATE {here}.gen = 0",
        words.key_list(edge.child, "p"),
        words.key_list(edge.child, "c.q"),
        words.keys(edge.child),
        words.child_rows(edge, Some(&homeless(blueprint, words, edge, existing))),
        words.same_key(edge.child, "c.q", "k.p"),
    );
    let mut rows = 0;
    if session.run(&deed, &insert)? > 0 {
        let delete = format!(
            "DELETE k FROM {} AS k JOIN {here} AS d ON {}",
            words.keys(edge.child),
            words.same_key(edge.child, "k.p", "d.p")
        );
        rows = session.run(&deed, &delete)?;
    }
    session.run(&deed, &format!("DROP TABLE {here}"))?;
    Ok(rows)
}
