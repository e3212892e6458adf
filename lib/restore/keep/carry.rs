//! `preserve` for an instance: copies rows from the old server to the new one.
//!
//! In: the entries of `[targets.NAME] preserve` (globs, or `table where …`), a session on the old server, which is locked against
//! writes, and the loader's session on the new one. Out: those rows in the new database, as `keep/preserve.rs` does it: of the
//! columns, those that both tables have; single rows replace those with the same keys. Unlike there, a table with triggers is
//! refused. Rows are streamed: memory holds one batch.

use std::ops::ControlFlow;

use mysql::Row;
use mysql::prelude::Queryable;

use super::preserve::{columns, condition, count, definition, finish, prepare, where_clause};
use crate::catalog::Patterns;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::swap::objects;
use crate::rows::{columns_of, pick, read};
use crate::sql::{literal, name, qualified};

/// A statement is sent when it has this many bytes, so it can be longer by one row. This is below the default
/// `max_allowed_packet` of all servers.
const BATCH_BYTES: usize = 512 << 10;

/// Copies everything that `preserve` names from the old server to the new one. Returns one phrase a table, for people.
pub(crate) fn carry(
    from: &mut Session,
    to: &mut Session,
    wanted: &[String],
    database: &str,
) -> Result<Vec<String>, Error> {
    let (row_entries, globs): (Vec<&String>, Vec<&String>) =
        wanted.iter().partition(|entry| condition(entry).is_some());
    let globs = Patterns::new(globs);
    let (old, new) = (objects::tables(from, database)?, objects::tables(to, database)?);
    let whole = old.iter().filter(|table| globs.fit(table)).map(|table| (table.as_str(), None));
    let parts = row_entries.into_iter().filter_map(|entry| condition(entry));
    let parts = parts.map(|(table, condition)| (table, Some(condition)));
    let known = parts.filter(|(table, _)| old.iter().any(|known| known == table));
    let all: Vec<(&str, Option<&str>)> = whole.chain(known).collect();
    prepare(to)?;
    let mut survived = Vec::new();
    for (table, condition) in all {
        let exists_in_new = new.iter().any(|known| known == table);
        if condition.is_some() && !exists_in_new {
            // The dump may lack the table.
            continue;
        }
        let full = qualified(database, table);
        // Triggers of the dump would fire for each row. Those of a table that only the old server has would be lost.
        refuse_triggers(if exists_in_new { &mut *to } else { &mut *from }, database, table)?;
        match condition {
            None if exists_in_new => {
                _ = to.run(&format!("emptying {full}"), &format!("DELETE FROM {full}"))?;
            }
            None => {
                let create = definition(from, database, table)?;
                to.run("using the database", &format!("USE {}", name(database)))?;
                to.run(&format!("creating {full}"), &create)?;
            }
            Some(_) => {}
        }
        let rows = stream(from, to, database, table, condition)?;
        if condition.is_none() {
            let carried = count(to, &full)?;
            if carried != rows {
                let counts = format!("{rows} rows, {carried} of them preserved");
                return Err(Error::NotPreserved { table: format!("{database}.{table}"), counts });
            }
        }
        survived.push(condition.map_or_else(|| table.to_owned(), |_| format!("{rows} of {table}")));
    }
    finish(to)?;
    Ok(survived)
}

fn refuse_triggers(session: &mut Session, database: &str, table: &str) -> Result<(), Error> {
    let sql = format!("SHOW TRIGGERS FROM {} WHERE `Table` = {}", name(database), literal(table));
    let row: Option<Row> = session.first(&format!("looking for triggers on {table}"), &sql)?;
    match row.and_then(|row| row.get_opt::<String, _>(0)?.ok()) {
        Some(trigger) => Err(Error::PreservedTrigger { table: format!("{database}.{table}"), trigger }),
        None => Ok(()),
    }
}

/// Copies the rows of one table. Returns their number.
fn stream(
    from: &mut Session,
    to: &mut Session,
    database: &str,
    table: &str,
    condition: Option<&str>,
) -> Result<u64, Error> {
    let new = columns(to, database, table)?;
    let both: Vec<String> =
        columns(from, database, table)?.into_iter().filter(|column| new.contains(column)).collect();
    let known = columns_of(from, database, Some(table))?;
    let picked = pick(known.get(table).map_or(&[], Vec::as_slice), database, table, &both)?;
    if picked.is_empty() {
        return Ok(0);
    }
    from.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
    let forms: Vec<String> = picked.iter().map(|c| c.form.read(&format!("t.{}", name(&c.name)))).collect();
    let full = qualified(database, table);
    let which = where_clause(condition);
    let sql = format!("SELECT {} FROM {full} AS t{which}", forms.join(", "));
    let list: Vec<String> = picked.iter().map(|column| name(&column.name)).collect();
    // Single rows take the place of the dump's rows with the same keys.
    let verb = if condition.is_some() { "REPLACE" } else { "INSERT" };
    let mut batch =
        Batch { head: format!("{verb} INTO {full} ({}) VALUES ", list.join(", ")), ..Batch::default() };
    let deed = format!("preserving {full}");
    let mut failure = None;
    read(from, &deed, &sql, &picked, |tuple| match batch.add(to, &deed, tuple) {
        ControlFlow::Continue(()) => Ok::<_, Error>(true),
        ControlFlow::Break(e) => {
            failure = Some(e);
            Ok(false)
        }
    })?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    batch.send(to, &deed)?;
    Ok(batch.rows)
}

/// The tuples of the next statement, and the number of rows so far.
#[derive(Default)]
struct Batch {
    head: String,
    sql: Vec<u8>,
    rows: u64,
}

impl Batch {
    fn add(&mut self, to: &mut Session, deed: &str, tuple: &[u8]) -> ControlFlow<Error> {
        if self.sql.is_empty() {
            self.sql.extend_from_slice(self.head.as_bytes());
        } else {
            self.sql.push(b',');
        }
        self.sql.push(b'(');
        self.sql.extend_from_slice(tuple);
        self.sql.push(b')');
        self.rows += 1;
        if self.sql.len() < BATCH_BYTES {
            return ControlFlow::Continue(());
        }
        self.send(to, deed).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn send(&mut self, to: &mut Session, deed: &str) -> Result<(), Error> {
        if self.sql.is_empty() {
            return Ok(());
        }
        let sql = String::from_utf8(std::mem::take(&mut self.sql)).expect("tuples are text");
        to.connection.query_drop(&sql).map_err(|e| to.fail(deed, e))?;
        Ok(())
    }
}
