//! Prepares the leak scan of the dump: hashes the originals, marks the columns to scan, and looks for copies of originals now.
//!
//! In: a blueprint, the finished table plans. Out: records of the originals in the work schema, the mark `scan` for each outgoing
//! column, and warnings about copies. Clear text stays on the server.

use super::copied_columns;
use super::originals::{looked_for, originals};
use super::originals_hash::{self, HashJob};
use crate::catalog::{Column, Table};
use crate::config::Leaks;
use crate::document::{LeakScan, TableClass, TablePlan, WholeRange};
use crate::house::House;
use crate::mask;
use crate::mysql::Session;
use crate::plan::closure::sql::of;
use crate::plan::error::Error;
use crate::plan::options::Options;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::work_schema::{self, HeldKeys, Originals};

/// In tables up to this estimate all rows are hashed, since a note about a kept customer may name one who is not kept. In larger
/// tables only kept rows are.
const WHOLE_ROWS_MAX: u64 = 200_000;

/// Writes the records, marks the columns and looks for copies, whose warnings are returned. Does nothing if `[mask] leaks` is
/// off, if no dump follows, or if the copy itself is rewritten.
pub(crate) fn collect(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    (tables, keys): (&mut [TablePlan], &HeldKeys),
    options: &Options,
) -> Result<(Option<LeakScan>, Vec<String>), Error> {
    let policy = house.config.mask.leaks;
    if policy == Leaks::Off || options.to_look_at {
        return Ok((None, Vec::new()));
    }
    if options.in_place {
        // Hashes would stay behind on a server that developers may be given.
        house.progress.say("rewritten in place: what is dumped from here is not scanned for original values");
        return Ok((None, Vec::new()));
    }
    for table in tables.iter_mut().filter(|table| table.class != TableClass::Empty) {
        mark(blueprint, table);
    }
    keys.create_scan(sessions, &blueprint.work_schema)?;
    let store = Originals::create(&mut sessions[0], &blueprint.work_schema, keys)?;
    let mut scan = LeakScan {
        refuse: policy == Leaks::Refuse,
        tables: vec![work_schema::ORIGINALS.to_owned()],
        ..LeakScan::default()
    };
    let (mut jobs, mut places) = (Vec::new(), Vec::new());
    for at in 0..blueprint.catalog.tables.len() {
        let originals = originals(blueprint, at);
        let Some(from) = rows(blueprint, at, tables).filter(|_| !originals.is_empty()) else { continue };
        let mut sources = Vec::new();
        for original in originals {
            sources.push((scan.origins.len(), original.source));
            scan.origins.push(original.origin);
            places.push(original.place);
        }
        jobs.push(HashJob { at, from, sources });
    }
    scan.values = originals_hash::gather(house, sessions, blueprint, &store, jobs)?;
    let copies = copied_columns::check(house, sessions, blueprint, (tables, &store), &places, scan.refuse)?;
    Ok((Some(scan), copies))
}

/// FROM clause for the rows whose values are hashed: all rows of a small table, else the kept rows.
fn rows(blueprint: &Blueprint, at: usize, tables: &[TablePlan]) -> Option<String> {
    let table = &blueprint.catalog.tables[at];
    if table.rows_estimate <= WHOLE_ROWS_MAX || blueprint.kept(at) == RowsFrom::All {
        return Some(format!("{} AS t", table.sql()));
    }
    let planned = tables.iter().find(|plan| plan.database == table.database && plan.table == table.name);
    let planned = planned.filter(|_| blueprint.kept(at) != RowsFrom::Nothing)?;
    let whole = planned.whole_ranges.first().filter(|range| range.rows == planned.rows);
    Some(whole.map_or_else(
        || planned.from.clone(),
        |range| {
            let WholeRange { column, first, last, .. } = range;
            let columns: Vec<String> = table.columns.iter().map(|column| column.of("c")).collect();
            let within = format!("{} BETWEEN {first} AND {last}", of("c", column));
            format!("(SELECT {} FROM {} AS c WHERE {within}) AS t", columns.join(", "), table.sql())
        },
    ))
}

/// Sets `scan` for each column in which the dump looks for originals, and `takes` with it.
fn mark(blueprint: &Blueprint, plan: &mut TablePlan) {
    let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { return };
    let table = &blueprint.catalog.tables[at];
    for outgoing in &mut plan.columns {
        let column = blueprint.catalog.tables[at].column(&outgoing.name);
        let mask = blueprint.masks.declared(at, &outgoing.name);
        outgoing.scan = column.is_some_and(|column| looked_for(mask, column));
        if let Some(column) = column.filter(|_| outgoing.scan) {
            outgoing.takes = takes(table, column);
        }
    }
}

/// Right sides of rules that the column takes: the best proposal first, then the kinds of the usual originals.
fn takes(table: &Table, column: &Column) -> Vec<String> {
    let best = mask::propose(table, column, &[]);
    let kinds = ["\"email\"", "\"phone\"", "\"name\"", "\"last_name\"", "\"username\""];
    let mut all = vec![best];
    all.extend(kinds.iter().filter(|kind| mask::fits(table, column, kind)).map(|kind| (*kind).to_owned()));
    all
}
