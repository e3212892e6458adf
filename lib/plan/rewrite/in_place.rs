//! Rewrites the copy itself, so that whatever reads it next sees the small, masked database.
//!
//! In: a finished plan. Out: the same tables with only the kept rows in them; foreign keys, triggers, AUTO_INCREMENT,
//! generated columns, partitions and comments as before.
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

use crate::plan::closure::selects;
use crate::work_schema;
use std::collections::BTreeSet;

use super::definition::Definition;
use crate::plan::error::Error;

use crate::document::{Dehydration, TableClass, TablePlan};
use crate::house::House;
use crate::mysql::Session;
use crate::progress::Unit;
use crate::sql::{literal, name, qualified};

/// The table with the commit record, and the one with the definitions.
const COMMIT: &str = "in_place";
const DEFINITIONS: &str = "in_place_tables";

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
) -> Result<Dehydration, Error> {
    for statement in SESSION.iter().map(|text| (*text).to_owned()).chain(plan.session.clone()) {
        session.run("preparing the session", &statement)?;
    }
    if !work_schema::has_mask_key(session, &plan)? {
        let schema = &plan.work_schema;
        return Err(Error::NotPlanned(format!("the key of the masks cannot be read from `{schema}`")));
    }
    let task = house.progress.start("building tables", Some(plan.tables.len() as u64), Unit::Count);
    let mut definitions = Vec::new();
    for (at, table) in plan.tables.iter().enumerate() {
        house.cancel.check()?;
        task.message(&label(table));
        let definition = Definition::read(session, &table.database, &table.table)?;
        if is_rebuilt(table) {
            build(session, at, table)?;
        }
        definitions.push(definition);
        task.add(1);
    }
    drop(task);
    finished_form(&mut plan);
    commit(session, &plan, &definitions)?;
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
    let Some((plan, false)) = committed(session, schema)? else { return Ok(None) };
    let unreadable = || Error::NotPlanned(format!("the unfinished rewrite in `{schema}` cannot be read"));
    let plan: Dehydration = serde_json::from_str(&plan).map_err(|_| unreadable())?;
    if plan.config_sha256 != sha {
        house.progress.warn("finishing a rewrite that was begun with other rules");
    }
    let sql = format!("SELECT definition FROM {} ORDER BY n", qualified(schema, DEFINITIONS));
    let texts: Vec<String> = session.rows("reading the unfinished rewrite", &sql)?;
    let definitions: Result<Vec<Definition>, _> =
        texts.iter().map(|text| serde_json::from_str(text)).collect();
    let definitions = definitions.map_err(|_| unreadable())?;
    for statement in SESSION {
        session.run("preparing the session", statement)?;
    }
    house.progress.say("finishing the rewrite that another run began");
    swap_all(house, session, &plan, &definitions)?;
    Ok(Some(plan))
}

/// Whether this very server is where the plan was carried out to the end: elsewhere it would read clear text.
pub fn is_rewritten(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    let Some((text, true)) = committed(session, &plan.work_schema)? else { return Ok(false) };
    let known = serde_json::from_str::<Dehydration>(&text);
    Ok(known.is_ok_and(|known| known.config_sha256 == plan.config_sha256 && known.tables == plan.tables))
}

/// The commit record: the plan as JSON, and whether it was carried out to the end.
fn committed(session: &mut Session, schema: &str) -> Result<Option<(String, bool)>, crate::mysql::Error> {
    let known = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = '{COMMIT}'",
        literal(schema)
    );
    if session.first::<u64>("looking for a rewrite", &known)?.unwrap_or_default() == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT plan, done FROM {} WHERE id = 1", qualified(schema, COMMIT));
    session.first("reading the rewrite", &sql)
}

/// Removes what a run that died before its commit had built.
pub(crate) fn sweep(session: &mut Session, databases: &[String]) -> Result<(), Error> {
    for database in databases {
        for table in tables(session, database)? {
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
        TableClass::Full => table.columns.iter().any(|column| column.expression != of(&column.name)),
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
    format!("__refreshkit_new_{at}")
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
        for column in &mut table.columns {
            column.expression = of(&column.name);
        }
        table.select = selects::select(table);
    }
}

/// The point of no return.
fn commit(session: &mut Session, plan: &Dehydration, definitions: &[Definition]) -> Result<(), Error> {
    let schema = &plan.work_schema;
    let (table, list) = (qualified(schema, COMMIT), qualified(schema, DEFINITIONS));
    let deed = "committing the rewrite";
    session.run(deed, &format!("CREATE TABLE {list} (n INT PRIMARY KEY, definition LONGTEXT NOT NULL)"))?;
    for (at, definition) in definitions.iter().enumerate() {
        let text = serde_json::to_string(definition).expect("texts only");
        session.run(deed, &format!("INSERT INTO {list} VALUES ({at}, {})", literal(&text)))?;
    }
    session.run(
        deed,
        &format!("CREATE TABLE {table} (id INT PRIMARY KEY, done TINYINT NOT NULL, plan LONGTEXT NOT NULL)"),
    )?;
    let text = serde_json::to_string(plan).expect("a plan has only string keys");
    session.run(deed, &format!("INSERT INTO {table} VALUES (1, 0, {})", literal(&text)))?;
    Ok(())
}

fn swap_all(
    house: &House,
    session: &mut Session,
    plan: &Dehydration,
    definitions: &[Definition],
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
    let done = format!("UPDATE {} SET done = 1", qualified(&plan.work_schema, COMMIT));
    session.run("ending the rewrite", &done)?;
    work_schema::forget_key(session, &plan.work_schema)
}

/// Tables that do not come along (`ignore`) must not stay behind with clear rows in them.
fn truncate_the_rest(session: &mut Session, plan: &Dehydration) -> Result<(), Error> {
    let planned: BTreeSet<String> = plan.tables.iter().map(label).collect();
    for database in &plan.databases {
        let sql = format!(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'BASE TABLE'",
            literal(database)
        );
        let tables: Vec<String> = session.rows("listing tables", &sql)?;
        for table in tables.iter().filter(|table| !planned.contains(&format!("{database}.{table}"))) {
            let deed = format!("emptying {database}.{table}, which does not come along");
            session.run(&deed, &format!("TRUNCATE TABLE {}", qualified(database, table)))?;
        }
    }
    Ok(())
}

/// Each step may have happened already.
fn swap(session: &mut Session, at: usize, table: &TablePlan, definition: &Definition) -> Result<(), Error> {
    let here = qualified(&table.database, &table.table);
    let deed = format!("swapping {}", label(table));
    if table.class == TableClass::Empty {
        session.run(&deed, &format!("TRUNCATE TABLE {here}"))?;
    } else if tables(session, &table.database)?.contains(&new_name(at)) {
        session.run(&deed, &format!("DROP TABLE IF EXISTS {here}"))?;
        let new = qualified(&table.database, &new_name(at));
        session.run(&deed, &format!("RENAME TABLE {new} TO {here}"))?;
    }
    definition.restore_counter(session, &table.database, &table.table)
}

fn tables(session: &mut Session, database: &str) -> Result<BTreeSet<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME LIKE '\\_\\_refreshkit%'",
        literal(database)
    );
    Ok(session.rows::<String>("listing tables", &sql)?.into_iter().collect())
}
