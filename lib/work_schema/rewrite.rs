//! The commit record of a rewrite in place: once it is written, the rewrite can only be finished, not undone.
//!
//! In: the plan and, table by table, what has to be put back. Out: the same for a run that finishes another run's rewrite,
//! and whether the rewrite was carried out to the end.

use super::error::Error;
use super::names::{REWRITE, REWRITE_TABLES};
use super::seal::seal;
use crate::catalog;
use crate::document::Dehydration;
use crate::mysql::Session;
use crate::sql::{literal, qualified};

/// Writes the commit record, the point of no return. `tables` says for each table of the plan what must be put back.
pub(crate) fn commit_rewrite(
    session: &mut Session,
    plan: &Dehydration,
    tables: &[String],
) -> Result<(), Error> {
    let schema = &plan.work_schema;
    let (table, list) = (qualified(schema, REWRITE), qualified(schema, REWRITE_TABLES));
    let deed = "committing the rewrite";
    session.run(deed, &format!("CREATE TABLE {list} (n INT PRIMARY KEY, definition LONGTEXT NOT NULL)"))?;
    for (at, text) in tables.iter().enumerate() {
        session.run(deed, &format!("INSERT INTO {list} VALUES ({at}, {})", literal(text)))?;
    }
    session.run(
        deed,
        &format!("CREATE TABLE {table} (id INT PRIMARY KEY, done TINYINT NOT NULL, plan LONGTEXT NOT NULL)"),
    )?;
    let text = serde_json::to_string(plan).expect("a plan has only string keys");
    session.run(deed, &format!("INSERT INTO {table} VALUES (1, 0, {})", literal(&text)))?;
    Ok(())
}

/// Returns the plan of a rewrite that was committed but not carried out to the end, if there is one.
pub(crate) fn unfinished_rewrite(session: &mut Session, schema: &str) -> Result<Option<Dehydration>, Error> {
    let Some((plan, false)) = committed(session, schema)? else { return Ok(None) };
    Ok(Some(serde_json::from_str(&plan).map_err(|_| unreadable_rewrite(schema))?))
}

/// Returns what an unfinished rewrite has to put back, in the order of the plan's tables.
pub(crate) fn rewritten_tables(session: &mut Session, schema: &str) -> Result<Vec<String>, Error> {
    let sql = format!("SELECT definition FROM {} ORDER BY n", qualified(schema, REWRITE_TABLES));
    Ok(session.rows("reading the unfinished rewrite", &sql)?)
}

/// Makes the error for a commit record that this version cannot read.
pub(crate) fn unreadable_rewrite(schema: &str) -> Error {
    Error::NotPlanned(format!("the unfinished rewrite in `{schema}` cannot be read"))
}

/// Marks the rewrite as carried out to the end.
pub(crate) fn end_rewrite(session: &mut Session, schema: &str) -> Result<(), Error> {
    session.run("ending the rewrite", &format!("UPDATE {} SET done = 1", qualified(schema, REWRITE)))?;
    Ok(())
}

/// True if the plan was carried out to the end on this server. On any other server it would read clear text.
pub fn is_rewritten(session: &mut Session, plan: &Dehydration) -> Result<bool, crate::mysql::Error> {
    let Some((text, true)) = committed(session, &plan.work_schema)? else { return Ok(false) };
    let known = serde_json::from_str::<Dehydration>(&text);
    Ok(known.is_ok_and(|known| seal(&known) == seal(plan)))
}

/// Reads the commit record, if there is one: the plan as JSON, and whether it was carried out to the end.
fn committed(session: &mut Session, schema: &str) -> Result<Option<(String, bool)>, crate::mysql::Error> {
    if !catalog::has_table(session, "looking for a rewrite", schema, REWRITE)? {
        return Ok(None);
    }
    let sql = format!("SELECT plan, done FROM {} WHERE id = 1", qualified(schema, REWRITE));
    session.first("reading the rewrite", &sql)
}
