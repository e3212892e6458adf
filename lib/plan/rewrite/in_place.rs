//! Rewrites the copy itself, so that whatever reads it next sees the small, masked database.
//!
//! In: a finished plan. Out: the same tables with only the kept rows in them; foreign keys, triggers,
//! generated columns, partitions and comments as before, AUTO_INCREMENT behind the largest kept number.
//!
//! ```text
//! build    each table: CREATE TABLE new LIKE t; INSERT INTO new SELECT …; count        nothing is lost yet
//! commit   the plan and the definitions are written to the work schema                 from here on: only forward
//! swap     each table: DROP t; RENAME new TO t; AUTO_INCREMENT; empty and ignored: TRUNCATE; then all foreign keys and triggers
//! ```
//!
//! If a run dies before the commit, the next run begins anew; after the commit, the next run finishes the rewrite from the
//! work schema. DROP before RENAME, with foreign key checks off: if an old parent were renamed, the foreign keys of its
//! children would follow it.

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

/// Prefix of the names of new tables, each in the database of the table that it replaces.
const NEW: &str = "__refreshkit_new_";

/// Prefix of the names of such tables in all versions of this tool.
const OURS: &str = "__refreshkit";

/// Settings of the session that rewrites: strict, without checks of foreign and unique keys.
const SESSION: &[&str] = &[
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
];

/// Rewrites every table of the plan. The returned plan reads the rewritten tables whole.
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

/// Finishes the rewrite of a run that died after its commit, and returns its plan, if there is one.
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

/// Drops the tables that a run built before it died without a commit.
pub(crate) fn sweep(session: &mut Session, databases: &[String]) -> Result<(), Error> {
    for database in databases {
        for table in unfinished(session, database)? {
            let sql = format!("DROP TABLE {}", qualified(database, &table));
            session.run(&format!("removing the unfinished {database}.{table}"), &sql)?;
        }
    }
    Ok(())
}

/// True if a new table is built. Full tables without masks stay as they are; empty tables are truncated.
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

/// Name of the new table for the table at this position of the plan.
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

/// Makes the SELECTs read whole tables without masks: the rewritten rows are masked already.
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
    // Foreign keys and triggers last: by now every table that a foreign key can refer to is rewritten.
    for (table, definition) in plan.tables.iter().zip(definitions) {
        definition.restore(session, &table.database, &table.table)?;
    }
    work_schema::end_rewrite(session, &plan.work_schema)?;
    // Developers may be given this server: without these keys nobody can read original keys or rebuild the mapping.
    work_schema::drop_keys(session, &plan.work_schema)?;
    Ok(work_schema::forget_mask_key(session, &plan.work_schema)?)
}

/// Empties the tables that are not in the plan (`ignore`), since they hold clear rows.
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

/// Replaces or truncates one table. A run that died may have done each step already.
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

/// Tables that a run was building in a database.
fn unfinished(session: &mut Session, database: &str) -> Result<BTreeSet<String>, Error> {
    Ok(catalog::tables_beginning(session, database, OURS)?.into_iter().collect())
}
