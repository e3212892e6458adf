//! Sends canaries, which are made-up people, through the masks. None may be recognised behind them.
//!
//! In: a finished plan on a copy, or on a server that a person named. Out: a [`Flight`], or the columns in which a marker came
//! through (77).
//!
//! ```text
//! one transaction:  insert a row into each kept table with masks, and each root: markers in masked columns, references to others
//!                   insert the keys of roots into their key tables; steps of the closure add children and parents
//!                   select each row with the plan's own expressions: the row must be there, the markers must not
//! ROLLBACK          no other session ever sees the rows; row counts and digests of the plan stay as they are
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

/// First generation of canaries, far above any generation of the closure.
const GENERATION: u64 = 4_000_000_000;

/// Limit of the rounds in which the keys of canaries are collected.
const ROUNDS_MAX: u64 = 40;

/// Larger tables are not read once more for a canary if its relation has no index: the key of the canary is inserted directly.
const WALKED_ROWS_MAX: u64 = 200_000;

/// Inserts the canaries, checks what the plan makes of them, and rolls everything back.
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
    // Said as progress, not as warnings: no configuration avoids that a schema has triggers. The report has the warnings.
    for warning in &warnings {
        house.progress.say(warning);
    }
    let followed = seen - by_hand.min(seen);
    house.progress.say(&format!(
        "canaries in {seen} tables, {followed} of them along relations: none came through the masks"
    ));
    Ok(Flight { tables: Some(seen as u64), warnings })
}

/// Result of canaries of which none came through.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    /// Number of tables with a canary; none if no canaries were sent.
    pub(crate) tables: Option<u64>,
    /// One warning for each table without a canary.
    pub(crate) warnings: Vec<String>,
}

/// Makes ten random letters and digits that the data should not hold.
fn marker(session: &mut Session) -> Result<String, Error> {
    let marker: Option<String> =
        session.first("making a marker", "SELECT CONCAT('qz', LOWER(HEX(RANDOM_BYTES(4))))")?;
    Ok(marker.unwrap_or_default())
}

/// Returns how many canaries were seen, how many of them no relation brought, and the columns that hold a marker.
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
            // The parent is a canary too, of a generation above the limit in the plan's FROM clause.
            plan.to_mut().from = blueprint.words().rows_along(blueprint.owner(owner), u64::from(u32::MAX));
        }
        let mut there = look(session, &plan, row, marker, &mut leaks)?;
        if !there && matches!(blueprint.kept(row.table), RowsFrom::Along(_)) {
            // No relation brought the canary: it is selected without its parent.
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

/// Collects the keys of the canaries by the steps of the closure. Returns how many no step brought.
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
    // Insert the keys that no step brought: a canary did not meet a condition, or a step would have taken too long.
    let mut by_hand = 0;
    for row in planted.iter().filter(|row| blueprint.kept(row.table) == RowsFrom::Keys) {
        by_hand += usize::from(session.run(deed, &row.keep(blueprint, last))? > 0);
    }
    Ok(by_hand)
}

/// Selects the canary as it would leave; columns with a marker go to `leaks`. True if the canary is there.
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
