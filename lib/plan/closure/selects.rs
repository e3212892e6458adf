//! Writes the plan itself: one SELECT a table, masks compiled in.
//!
//! In: a blueprint and finished key tables. Out: [`TablePlan`]s: the SELECT as one text, and in pieces from which a dumper makes
//! chunks.

use std::collections::HashMap;

use super::conditions::{homeless, kept_children};
use super::pool::share_out;
use crate::catalog::{Column, Table};
use crate::config::Up;
use crate::document::{ColumnPlan, TableClass, TablePlan, WholeRange};
use crate::house::House;
use crate::mask::{self, Order};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::read::whole_range;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::nullable::{nothing, nullable_column};
use crate::plan::rules::reading::CountedRows;
use crate::sql::name;

/// Rows of larger tables are not counted: the server's estimate stands, unless the table is `full`.
const COUNT_ROWS_MAX: u64 = 20_000;

/// One plan for each table that is not ignored, in the catalog's order.
pub(crate) fn all(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    last_down: u64,
) -> Result<Vec<TablePlan>, Error> {
    let wanted = (0..blueprint.catalog.tables.len()).filter(|at| blueprint.class(*at) != TableClass::Ignore);
    share_out(sessions, wanted.collect(), |session, at| {
        house.cancel.check()?;
        let mut plan = describe(blueprint, at, last_down);
        count(session, blueprint, at, &mut plan)?;
        plan.whole_ranges = whole_ranges(session, blueprint, at, plan.rows)?;
        plan.read = read(blueprint, at, &plan);
        plan.rows_before = plan.rows_before.max(plan.rows);
        Ok(plan)
    })
}

/// The plan of one table, without numbers of rows.
fn describe(blueprint: &Blueprint, at: usize, last_down: u64) -> TablePlan {
    let table = &blueprint.catalog.tables[at];
    let class = &blueprint.classes[at];
    let nullified = nullified(blueprint, at);
    let columns: Vec<ColumnPlan> = table
        .columns
        .iter()
        .filter(|column| !column.generated)
        .map(|column| column_plan(blueprint, at, column, &nullified))
        .collect();
    let (from, filter) = source(blueprint, at, last_down);
    let key: Vec<String> = table.key().iter().map(|column| column.name.clone()).collect();
    let mut plan = TablePlan {
        database: table.database.clone(),
        table: table.name.clone(),
        class: class.class,
        why: class.why.clone(),
        bytes_before: table.bytes,
        key,
        columns,
        from,
        filter,
        ..TablePlan::default()
    };
    plan.select = select(&plan);
    plan
}

fn source(blueprint: &Blueprint, at: usize, last_down: u64) -> (String, Option<String>) {
    let words = blueprint.words();
    let table = &blueprint.catalog.tables[at];
    let plain = format!("{} AS t", table.sql());
    match blueprint.kept(at) {
        RowsFrom::All => (plain, None),
        RowsFrom::Nothing => (plain, Some("1 = 0".to_owned())),
        RowsFrom::Keys => {
            let (keys, join) = (words.keys(at), words.key_join(at, "t"));
            (format!("{plain} JOIN {keys} AS k ON {join}"), None)
        }
        RowsFrom::Along(edge) => (words.rows_along(blueprint.owner(edge), last_down), None),
        RowsFrom::Children => {
            let columns: Vec<String> = table.columns.iter().map(|column| column.of("c")).collect();
            let condition = kept_children(blueprint, words, at, last_down);
            (
                format!("(SELECT {} FROM {} AS c WHERE {condition}) AS t", columns.join(", "), table.sql()),
                None,
            )
        }
    }
}

fn column_plan(
    blueprint: &Blueprint,
    at: usize,
    column: &Column,
    nullified: &HashMap<String, String>,
) -> ColumnPlan {
    let mask = blueprint.masks.of(at, &column.name);
    let mut expression = mask.map_or_else(|| column.of("t"), |mask| mask.expression.clone());
    if let Some(condition) = nullified.get(&column.name) {
        let nothing = nothing(column).unwrap_or("NULL");
        expression = format!("CASE WHEN {condition} THEN {nothing} ELSE {expression} END");
    }
    ColumnPlan {
        name: column.name.clone(),
        expression,
        mask: mask.map(|mask| mask.kind.clone()),
        ..ColumnPlan::default()
    }
}

/// For each column that `up = "nullify"` empties: the condition over alias `t` for doing so.
fn nullified(blueprint: &Blueprint, at: usize) -> HashMap<String, String> {
    let words = blueprint.words();
    let table = &blueprint.catalog.tables[at];
    let mut conditions: HashMap<String, String> = HashMap::new();
    let edges = blueprint.edges.iter().filter(|edge| edge.child == at && edge.up == Up::Nullify);
    for edge in edges.filter(|edge| blueprint.kept(edge.child) != RowsFrom::Nothing) {
        let Some(column) = nullable_column(table, edge) else { continue };
        let same: Vec<String> =
            table.key().iter().map(|column| format!("{} = {}", column.of("c"), column.of("t"))).collect();
        let filter = edge.filter.as_deref().map_or(String::new(), |filter| format!("({filter}) AND "));
        let condition = format!(
            "EXISTS (SELECT 1 FROM {} AS c WHERE {} AND {filter}{})",
            table.sql(),
            same.join(" AND "),
            homeless(blueprint, words, edge, false)
        );
        conditions
            .entry(column.name.clone())
            .and_modify(|all| *all = format!("({all} OR {condition})"))
            .or_insert(condition);
    }
    conditions
}

/// The whole statement, for people and for `INSERT … SELECT`.
pub(crate) fn select(plan: &TablePlan) -> String {
    let columns: Vec<String> = plan
        .columns
        .iter()
        .map(|column| format!("{} AS {}", column.expression, name(&column.name)))
        .collect();
    let filter = plan.filter.as_deref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
    format!("SELECT {} FROM {}{filter}{}", columns.join(", "), plan.from, order_by(plan))
}

/// The ORDER BY clause. A masked key would order rows by what the mask hides.
fn order_by(plan: &TablePlan) -> String {
    let order = match mask::order(plan) {
        Order::None => return String::new(),
        Order::Key => {
            let key: Vec<String> = plan.key.iter().map(|column| format!("t.{}", name(column))).collect();
            key.join(", ")
        }
        Order::Hash => mask::row_hash(plan.columns.iter().map(|column| column.expression.as_str())),
    };
    format!(" ORDER BY {order}")
}

fn count(session: &mut Session, blueprint: &Blueprint, at: usize, plan: &mut TablePlan) -> Result<(), Error> {
    let table = &blueprint.catalog.tables[at];
    let exact = table.rows_estimate <= COUNT_ROWS_MAX || blueprint.kept(at) == RowsFrom::All;
    plan.rows_before = if exact { rows_of(session, table, &table.sql())? } else { table.rows_estimate };
    plan.rows = match blueprint.kept(at) {
        RowsFrom::All => plan.rows_before,
        _ => kept(session, blueprint, at, &plan.from)?,
    };
    Ok(())
}

fn along(blueprint: &Blueprint, at: usize) -> Option<&CountedRows> {
    blueprint.read.along.get(&at)?.found.as_ref()
}

/// How a dump finds the rows of a table, for people.
fn read(blueprint: &Blueprint, at: usize, plan: &TablePlan) -> String {
    let rest = match blueprint.kept(at) {
        RowsFrom::Nothing => return String::new(),
        RowsFrom::All => return "whole".to_owned(),
        RowsFrom::Keys => "by keys".to_owned(),
        RowsFrom::Children => "with their parents".to_owned(),
        RowsFrom::Along(edge) => format!("along {}", blueprint.owner(edge).child_columns.join(", ")),
    };
    let ranges: Vec<String> = plan
        .whole_ranges
        .iter()
        .map(|range| format!("{} {} to {}", range.column, range.first, range.last))
        .collect();
    let within: u64 = plan.whole_ranges.iter().map(|range| range.rows).sum();
    match ranges.len() {
        0 => rest,
        _ if within == plan.rows => ranges.join(", "),
        _ => format!("{}, the rest {rest}", ranges.join(", ")),
    }
}

/// The ranges within which every row is kept; none if others may write to the server before the dump.
fn whole_ranges(
    session: &mut Session,
    blueprint: &Blueprint,
    at: usize,
    rows: u64,
) -> Result<Vec<WholeRange>, Error> {
    if let Some(found) = along(blueprint, at) {
        return Ok(found.ranges.clone());
    }
    if blueprint.kept(at) != RowsFrom::Keys || !blueprint.read.still || rows < blueprint.read.rows_min {
        return Ok(Vec::new());
    }
    let words = blueprint.words();
    let keys = format!("{} AS k", words.keys(at));
    let condition = format!("EXISTS (SELECT 1 FROM {keys} WHERE {})", words.key_join(at, "o"));
    let rows = whole_range::KeptRows { from: &keys, key: "k.p1", condition: &condition };
    let found = whole_range::find(session, blueprint, at, &rows)?;
    Ok(found.map_or(Vec::new(), |found| found.ranges))
}

fn rows_of(session: &mut Session, table: &Table, from: &str) -> Result<u64, Error> {
    let deed = format!("counting rows of {}", table.label());
    Ok(session.first(&deed, &format!("SELECT COUNT(*) FROM {from}"))?.unwrap_or_default())
}

/// Counts the kept rows of a table.
pub(crate) fn kept(
    session: &mut Session,
    blueprint: &Blueprint,
    at: usize,
    from: &str,
) -> Result<u64, Error> {
    let table = &blueprint.catalog.tables[at];
    match blueprint.kept(at) {
        RowsFrom::Keys => rows_of(session, table, &blueprint.words().keys(at)),
        RowsFrom::All | RowsFrom::Children => rows_of(session, table, from),
        RowsFrom::Along(_) => match along(blueprint, at) {
            Some(found) => Ok(found.rows),
            None => rows_of(session, table, from),
        },
        RowsFrom::Nothing => Ok(0),
    }
}
