//! Canaries: made-up people go through the masks of tonight's schema, and must not be recognised behind them.
//!
//! In: a finished plan on a throw-away copy. Out: nothing, or the columns in which a marker came through (77).
//!
//! ```text
//! one transaction:  a row in each table that comes with masks, markers in the masked columns, tied together by the relations
//!                   its key in the root's key table; children and parents follow by the very steps of the closure
//!                   the plan's own SELECT of each row: the row is there, the markers are not
//! ROLLBACK          nothing of it was ever in the copy for anybody else; row counts and digests of the plan stay as they are
//! ```
//!
//! Tables with triggers, or of engines without transactions, are left out with a warning, as is a row that the
//! server does not take (a CHECK, a unique column that we cannot fill).

use std::borrow::Cow;

use super::canary_row::{self, CanaryRow};
use crate::config::Canaries;
use crate::document::TablePlan;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::sql::ChildRows;
use crate::plan::error::Error;
use crate::plan::options::Options;
use crate::plan::place::SourceServer;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::sql::literal;
use crate::work_schema::HeldKeys;

/// Generations of canaries, far above any of the closure's.
const GENERATION: u64 = 4_000_000_000;

/// Further rounds than this no canary follows.
const ROUNDS_MAX: u64 = 40;

/// Larger tables whose relation has no index are not walked once more for a canary: its key is put in by hand.
const WALKED_ROWS_MAX: u64 = 200_000;

/// Plants, checks, and takes everything back. Warnings are returned.
pub(crate) fn check(
    house: &House,
    session: &mut Session,
    place: &SourceServer,
    blueprint: &Blueprint,
    (tables, keys): (&[TablePlan], &HeldKeys),
    options: &Options,
) -> Result<Flight, Error> {
    if house.config.mask.canaries == Canaries::Off {
        return Ok(Flight::default());
    }
    if !place.takes_canaries(options) {
        house.progress.say(
            "no canaries: only a throw-away copy takes them, or a server named with --i-own-this-server",
        );
        return Ok(Flight::default());
    }
    keys.unlock(session, &blueprint.work_schema)?;
    let marker = marker(session)?;
    let mut warnings = Vec::new();
    let rows = canary_row::rows(session, blueprint, tables, &marker, &mut warnings)?;
    session.run("beginning with canaries", "START TRANSACTION")?;
    session.run("beginning with canaries", "SET SESSION foreign_key_checks = 0")?;
    let outcome = fly(session, blueprint, tables, rows, &marker, &mut warnings);
    session.run("taking the canaries back", "ROLLBACK")?;
    session.run("taking the canaries back", "SET SESSION foreign_key_checks = DEFAULT")?;
    let (seen, by_hand, leaks) = outcome?;
    if !leaks.is_empty() {
        return Err(Error::Canaries { count: leaks.len(), columns: leaks.join(", ") });
    }
    // A schema has its triggers: no configuration avoids it, so nobody is woken. The report has it.
    for warning in &warnings {
        house.progress.say(warning);
    }
    let followed = seen - by_hand.min(seen);
    house.progress.say(&format!(
        "canaries in {seen} tables, {followed} of them along relations: none came through the masks"
    ));
    Ok(Flight { tables: Some(seen as u64), warnings })
}

/// What came of the canaries, where none came through.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    /// In how many tables there was one; nothing, if there was none at all.
    pub(crate) tables: Option<u64>,
    /// Tables without one.
    pub(crate) warnings: Vec<String>,
}

/// Letters and digits that are nowhere else.
fn marker(session: &mut Session) -> Result<String, Error> {
    let marker: Option<String> =
        session.first("making a marker", "SELECT CONCAT('qz', LOWER(HEX(RANDOM_BYTES(4))))")?;
    Ok(marker.unwrap_or_default())
}

/// How many tables were looked at, how many of their keys no relation brought, and the columns that hold a marker.
fn fly(
    session: &mut Session,
    blueprint: &Blueprint,
    tables: &[TablePlan],
    rows: Vec<CanaryRow>,
    marker: &str,
    warnings: &mut Vec<String>,
) -> Result<(usize, usize, Vec<String>), Error> {
    let mut planted = Vec::new();
    for row in rows {
        let label = blueprint.catalog.tables[row.table].label();
        match session.run(&format!("planting a canary in {label}"), &row.insert(blueprint)) {
            Ok(_) => planted.push(row),
            Err(error) => warnings.push(format!("{label} has no canary: {}", error.said())),
        }
    }
    let mut by_hand = follow(session, blueprint, &planted)?;
    let mut leaks = Vec::new();
    let mut seen = 0;
    for row in &planted {
        let table = &blueprint.catalog.tables[row.table];
        let plan = tables.iter().find(|plan| plan.database == table.database && plan.table == table.name);
        let Some(plan) = plan else { continue };
        let mut plan = Cow::Borrowed(plan);
        if let RowsFrom::Along(owner) = blueprint.kept(row.table) {
            // Its parent is of our own generations, which the plan has no row of.
            plan.to_mut().from = blueprint.words().rows_along(blueprint.owner(owner), u64::from(u32::MAX));
        }
        let mut there = look(session, &plan, row, marker, &mut leaks)?;
        if !there && matches!(blueprint.kept(row.table), RowsFrom::Along(_)) {
            // No relation brought it: it is looked at as if its key had been put in by hand.
            plan.to_mut().from = format!("{} AS t", table.sql());
            there = look(session, &plan, row, marker, &mut leaks)?;
            by_hand += usize::from(there);
        }
        if there {
            seen += 1;
        } else {
            warnings.push(format!("the canary in {} did not come along", table.label()));
        }
    }
    Ok((seen, by_hand, leaks))
}

/// Lets children and parents of the canaries come along, by the steps of the closure. How many no step brought.
fn follow(session: &mut Session, blueprint: &Blueprint, planted: &[CanaryRow]) -> Result<usize, Error> {
    let words = blueprint.words();
    let deed = "following the canaries";
    let roots = planted.iter().filter(|row| row.root);
    for row in roots {
        session.run(deed, &row.keep(blueprint, GENERATION))?;
    }
    let near = |table: usize| planted.iter().any(|row| row.table == table);
    let mut last = GENERATION;
    for round in 1..ROUNDS_MAX {
        let mut added = 0;
        for edge in blueprint.down().filter(|edge| near(edge.child) && near(edge.parent)) {
            let child = &blueprint.catalog.tables[edge.child];
            if child.rows_estimate <= WALKED_ROWS_MAX || child.indexed(&edge.child_columns) {
                added += session.run(deed, &words.down(edge, GENERATION + round))?;
            }
        }
        if added == 0 {
            break;
        }
        last = GENERATION + round;
    }
    let mut from = GENERATION;
    while from <= last && last < GENERATION + 2 * ROUNDS_MAX {
        let mut added = 0;
        let kept = |table: usize| blueprint.kept(table) == RowsFrom::Keys;
        for edge in blueprint.up().filter(|edge| near(edge.child) && near(edge.parent) && kept(edge.child)) {
            added += session.run(deed, &words.up(edge, ChildRows::Of(from), last + 1))?;
        }
        last += u64::from(added > 0);
        from += 1;
    }
    // What no step brought: a condition that we did not meet, or a step that would have taken too long.
    let mut by_hand = 0;
    for row in planted.iter().filter(|row| blueprint.kept(row.table) == RowsFrom::Keys) {
        by_hand += usize::from(session.run(deed, &row.keep(blueprint, last))? > 0);
    }
    Ok(by_hand)
}

/// Reads the canary as it would leave. Whether it is there.
fn look(
    session: &mut Session,
    plan: &TablePlan,
    row: &CanaryRow,
    marker: &str,
    leaks: &mut Vec<String>,
) -> Result<bool, Error> {
    let label = format!("{}.{}", plan.database, plan.table);
    let columns: Vec<String> = plan
        .columns
        .iter()
        .map(|column| {
            format!(
                "INSTR(LOWER(CONVERT(CAST({} AS BINARY) USING latin1)), {}) > 0",
                column.expression,
                literal(marker)
            )
        })
        .collect();
    let numbers: Vec<String> = plan
        .columns
        .iter()
        .map(|column| match row.number(&column.name) {
            Some(number) => format!("{} = {number}", column.expression),
            None => "FALSE".to_owned(),
        })
        .collect();
    let tests = columns.iter().zip(&numbers).map(|(text, number)| format!("COALESCE({text} OR {number}, 0)"));
    let filter = plan.filter.as_deref().map_or(String::new(), |filter| format!("({filter}) AND "));
    let sql = format!(
        "SELECT {} FROM {} WHERE {filter}{}",
        tests.collect::<Vec<_>>().join(", "),
        plan.from,
        row.condition("t")
    );
    let found: Vec<mysql::Row> = session.rows(&format!("looking at the canary in {label}"), &sql)?;
    for found in &found {
        for (n, column) in plan.columns.iter().enumerate() {
            if found.get::<u8, usize>(n).unwrap_or_default() != 0 {
                leaks.push(format!("{label}.{}", column.name));
            }
        }
    }
    Ok(!found.is_empty())
}
