//! Rewrites the copy itself, so that whatever reads it next sees the small, masked database.
//!
//! In: a finished plan. Out: the same tables with only the kept rows in them; foreign keys, triggers,
//! generated columns, partitions and comments as before, AUTO_INCREMENT behind the largest kept number.
//!
//! ```text
//! build    each table: CREATE TABLE new LIKE t; INSERT INTO new SELECT …; count        nothing is lost yet
//! commit   the plan and the definitions are written to the work schema                 from here on: only forward
//! swap     each table: DROP t; RENAME new TO t; foreign keys, triggers, AUTO_INCREMENT; empty and ignored: TRUNCATE
//! ```
//!
//! A run that died before the commit begins anew; one that died after it is finished by the next run, from what the
//! work schema says. DROP before RENAME, with foreign key checks off, because a renamed parent takes the foreign keys of
//! its children along.

use std::collections::BTreeSet;

use super::definition::TableObjects;
use crate::catalog;
use crate::document::{Dehydration, TableClass, TablePlan};
use crate::house::House;
use crate::mask;
use crate::mysql::Session;
use crate::plan::closure::selects;
use crate::plan::error::Error;
use crate::progress::Unit;
use crate::sql::{name, qualified};
use crate::work_schema::{self, HeldKeys};

/// How the names of tables that are being built begin, each in the database of the table it is to replace.
const NEW: &str = "__refreshkit_new_";

/// How the names of all tables begin that any version of ours built so.
const OURS: &str = "__refreshkit";

/// Settings of the session that rewrites: rows go in as they are.
const SESSION: &[&str] = &[
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
];

/// Rewrites every table of the plan. The plan then reads whole tables.
pub(crate) fn rewrite(
    house: &House,
    session: &mut Session,
    mut plan: Dehydration,
    keys: &HeldKeys,
) -> Result<Dehydration, Error> {
    for statement in SESSION {
        session.run("preparing the session", statement)?;
    }
    keys.unlock(session, &plan.work_schema)?;
    if !work_schema::has_mask_key(session, &plan)? {
        let schema = &plan.work_schema;
        let unreadable = format!("the key of the masks cannot be read from `{schema}`");
        return Err(work_schema::Error::NotPlanned(unreadable).into());
    }
    let task = house.progress.start("building tables", Some(plan.tables.len() as u64), Unit::Count);
    let mut definitions = Vec::new();
    for (at, table) in plan.tables.iter().enumerate() {
        house.cancel.check()?;
        task.message(&label(table));
        let definition = TableObjects::read(session, &table.database, &table.table)?;
        if is_rebuilt(table) {
            build(session, at, table)?;
        }
        definitions.push(definition);
        task.add(1);
    }
    drop(task);
    finished_form(&mut plan);
    let texts: Vec<String> =
        definitions.iter().map(|definition| serde_json::to_string(definition).expect("texts only")).collect();
    work_schema::commit_rewrite(session, &plan, &texts)?;
    swap_all(house, session, &plan, &definitions)?;
    Ok(plan)
}

/// Finishes what a run that died after its commit left, and says what its plan was.
pub(crate) fn resume(
    house: &House,
    session: &mut Session,
    schema: &str,
    sha: &str,
) -> Result<Option<Dehydration>, Error> {
    let Some(plan) = work_schema::unfinished_rewrite(session, schema)? else { return Ok(None) };
    if plan.config_sha256 != sha {
        house.progress.warn("finishing a rewrite that was begun with other rules");
    }
    let texts = work_schema::rewritten_tables(session, schema)?;
    let definitions: Result<Vec<TableObjects>, _> =
        texts.iter().map(|text| serde_json::from_str(text)).collect();
    let definitions = definitions.map_err(|_| work_schema::unreadable_rewrite(schema))?;
    for statement in SESSION {
        session.run("preparing the session", statement)?;
    }
    house.progress.say("finishing the rewrite that another run began");
    swap_all(house, session, &plan, &definitions)?;
    Ok(Some(plan))
}

/// Removes what a run that died before its commit had built.
pub(crate) fn sweep(session: &mut Session, databases: &[String]) -> Result<(), Error> {
    for database in databases {
        for table in unfinished(session, database)? {
            let sql = format!("DROP TABLE {}", qualified(database, &table));
            session.run(&format!("removing the unfinished {database}.{table}"), &sql)?;
        }
    }
    Ok(())
}

/// Tables that come whole and unmasked stay as they are; empty ones are truncated.
fn is_rebuilt(table: &TablePlan) -> bool {
    match table.class {
        TableClass::Empty | TableClass::Ignore => false,
        TableClass::Full => table.columns.iter().any(|column| !mask::is_clear(column)),
        TableClass::Root | TableClass::Follow => true,
    }
}

fn of(column: &str) -> String {
    format!("t.{}", name(column))
}

fn label(table: &TablePlan) -> String {
    format!("{}.{}", table.database, table.table)
}

/// The name of the table being built, in the table's own database. Recognisably ours.
fn new_name(at: usize) -> String {
    format!("{NEW}{at}")
}

fn build(session: &mut Session, at: usize, table: &TablePlan) -> Result<(), Error> {
    let new = qualified(&table.database, &new_name(at));
    let deed = format!("building the small {}", label(table));
    session.run(&deed, &format!("DROP TABLE IF EXISTS {new}"))?;
    session.run(&deed, &format!("CREATE TABLE {new} LIKE {}", qualified(&table.database, &table.table)))?;
    let columns: Vec<String> = table.columns.iter().map(|column| name(&column.name)).collect();
    let rows = session.run(&deed, &format!("INSERT INTO {new} ({}) {}", columns.join(", "), table.select))?;
    if rows == table.rows {
        return Ok(());
    }
    let label = label(table);
    Err(Error::Drift(format!(
        "{label} should have {} rows and got {rows}: somebody writes to this server",
        table.rows
    )))
}

/// From now on the SELECTs read whole tables without masks: they are in the rows already.
fn finished_form(plan: &mut Dehydration) {
    plan.in_place = true;
    plan.session.clear();
    for table in &mut plan.tables {
        table.from = format!("{} AS t", qualified(&table.database, &table.table));
        table.filter = None;
        table.whole_ranges.clear();
        "whole".clone_into(&mut table.read);
        for column in &mut table.columns {
            column.expression = of(&column.name);
        }
        table.select = selects::select(table);
    }
}

fn swap_all(
    house: &House,
    session: &mut Session,
    plan: &Dehydration,
    definitions: &[TableObjects],
) -> Result<(), Error> {
    let task = house.progress.start("swapping tables", Some(plan.tables.len() as u64), Unit::Count);
    for (at, (table, definition)) in plan.tables.iter().zip(definitions).enumerate() {
        house.cancel.check()?;
        task.message(&label(table));
        swap(session, at, table, definition)?;
        task.add(1);
    }
    truncate_the_rest(session, plan)?;
    // Foreign keys last: by now every table that one could refer to is the small one.
    for (table, definition) in plan.tables.iter().zip(definitions) {
        definition.restore(session, &table.database, &table.table)?;
    }
    work_schema::end_rewrite(session, &plan.work_schema)?;
    // Nobody can rebuild the mapping now, nor read what it was from: this server may be given to developers.
    work_schema::drop_keys(session, &plan.work_schema)?;
    Ok(work_schema::forget_mask_key(session, &plan.work_schema)?)
}

/// Tables that do not come along (`ignore`) must not stay behind with clear rows in them.
fn truncate_the_rest(session: &mut Session, plan: &Dehydration) -> Result<(), Error> {
    let planned: BTreeSet<String> = plan.tables.iter().map(label).collect();
    for database in &plan.databases {
        let tables = catalog::base_tables(session, database)?;
        for table in tables.iter().filter(|table| !planned.contains(&format!("{database}.{table}"))) {
            let deed = format!("emptying {database}.{table}, which does not come along");
            session.run(&deed, &format!("TRUNCATE TABLE {}", qualified(database, table)))?;
        }
    }
    Ok(())
}

/// Each step may have happened already.
fn swap(session: &mut Session, at: usize, table: &TablePlan, definition: &TableObjects) -> Result<(), Error> {
    let here = qualified(&table.database, &table.table);
    let deed = format!("swapping {}", label(table));
    if table.class == TableClass::Empty {
        session.run(&deed, &format!("TRUNCATE TABLE {here}"))?;
    } else if unfinished(session, &table.database)?.contains(&new_name(at)) {
        session.run(&deed, &format!("DROP TABLE IF EXISTS {here}"))?;
        let new = qualified(&table.database, &new_name(at));
        session.run(&deed, &format!("RENAME TABLE {new} TO {here}"))?;
    }
    definition.reset_counter(session, &table.database, &table.table)
}

/// Tables that a run was building.
fn unfinished(session: &mut Session, database: &str) -> Result<BTreeSet<String>, Error> {
    Ok(catalog::tables_beginning(session, database, OURS)?.into_iter().collect())
}
