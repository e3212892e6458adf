//! Runs what is not in the ledger yet, statement by statement.
//!
//! In: a [`Checkout`], the database that is being refreshed. Out: one [`Migration`] per file. MySQL commits DDL by
//! itself, so a file is not a transaction; but the database is thrown away if a file fails.

use std::fs::File;
use std::io::BufReader;
use std::time::Instant;

use mysql::prelude::Queryable;

use super::checkout::Checkout;
use super::command;
use super::error::Error;
use super::files::MigrationFile;
use super::ledger::Ledger;
use super::target::SqlTarget;
use crate::document::{Migration, MigrationStatus};
use crate::house::House;
use crate::mysql::{Session, number};
use crate::sql::{Statements, StatementsError, definer, singles, without_definer};

/// How much of a failed statement is shown.
const BEGINNING_CHARACTERS: usize = 120;

/// The longest statement of a migration: rows belong into smaller ones.
const STATEMENT_BYTES_MAX: usize = 64 << 20;

/// How much is read from a file at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// Runs the migrations of the branch; `seen` is told each as it ends, the failed one too.
pub fn run(
    house: &House,
    checkout: &Checkout,
    target: &SqlTarget<'_>,
    mut seen: impl FnMut(Migration),
) -> Result<(), Error> {
    let started = Instant::now();
    if let Some(line) = &checkout.settings.command {
        let outcome = command::run(house, &checkout.settings, line, checkout.path(), target);
        let output = outcome.as_ref().map_or_else(|(_, output)| output.clone(), Clone::clone);
        seen(migration(line, outcome.as_ref().map(drop).map_err(|(e, _)| e), started, &output));
        return outcome.map(drop).map_err(|(e, _)| e);
    }
    let mut session = open(target)?;
    let (ledger, there) = Ledger::open(&mut session, &checkout.settings.ledger)?;
    if !there {
        let table = ledger.table();
        house.progress.warn(&format!("the dump has no table {table}: every migration will run"));
    }
    for file in &ledger.order(&checkout.files)? {
        house.cancel.check()?;
        if ledger.has(file)? {
            seen(Migration {
                name: file.name.clone(),
                status: MigrationStatus::AlreadyApplied,
                ..Migration::default()
            });
            continue;
        }
        let started = Instant::now();
        house.progress.say(&format!("migration {}", file.shown));
        let outcome = run_file(house, &mut session, target, file)
            .and_then(|()| ledger.add(&mut session, file, started.elapsed()));
        seen(migration(&file.name, outcome.as_ref().map(drop), started, ""));
        outcome?;
    }
    Ok(())
}

fn migration(name: &str, outcome: Result<(), &Error>, started: Instant, output: &str) -> Migration {
    Migration {
        name: name.to_owned(),
        status: if outcome.is_ok() { MigrationStatus::Applied } else { MigrationStatus::Failed },
        seconds: started.elapsed().as_secs_f64(),
        error: outcome.err().map(Error::to_string),
        output: Some(output.to_owned()).filter(|output| !output.is_empty()),
        ..Migration::default()
    }
}

/// A connection as the stock client would open it: the server's own SQL mode and time zone.
fn open(target: &SqlTarget<'_>) -> Result<Session, Error> {
    let mut session = target.server.connect_to(Some(target.database))?;
    session.attempt("SET SESSION time_zone = @@global.time_zone");
    session.attempt("SET SESSION wait_timeout = 172800");
    Ok(session)
}

fn run_file(
    house: &House,
    session: &mut Session,
    target: &SqlTarget<'_>,
    file: &MigrationFile,
) -> Result<(), Error> {
    let opened = File::open(&file.path).map_err(|source| Error::Read { file: file.shown.clone(), source })?;
    let others = super::leaves::others(target);
    let statements = Statements::new(BufReader::with_capacity(BLOCK_BYTES, opened));
    for statement in statements.limit(STATEMENT_BYTES_MAX) {
        house.cancel.check()?;
        let statement = statement.map_err(|e| syntax(&file.shown, &e))?;
        let sql = std::str::from_utf8(&statement.sql).map_err(|_| {
            let problem = "not UTF-8: save the file as UTF-8".to_owned();
            Error::Syntax { file: file.shown.clone(), line: statement.line, problem }
        })?;
        for (line, single) in singles(sql, statement.line, statement.block) {
            run_statement(session, file, line, single, &others)?;
        }
    }
    // A file may leave a transaction open; the next one must not be part of it.
    session.run("committing the migration", "COMMIT")?;
    Ok(())
}

/// One statement, which has one round trip to itself.
fn run_statement(
    session: &mut Session,
    file: &MigrationFile,
    line: u64,
    sql: &str,
    others: &[String],
) -> Result<(), Error> {
    let place = || (file.shown.clone(), beginning(sql));
    let refused = |session: &Session, source| {
        let (file, beginning) = place();
        let failure = Box::new(session.fail_in("the migration", sql, &source));
        Error::Statement { file, line, beginning, failure }
    };
    if leaves(session, sql, others).map_err(|source| refused(session, source))? {
        let (file, beginning) = place();
        return Err(Error::Leaves { file, line, beginning });
    }
    let outcome = match session.run_foreign(sql) {
        // In whose name it runs is decided before the swap, and is not this account's to say.
        Err(::mysql::Error::MySqlError(e))
            if e.code == number::SPECIFIC_ACCESS_DENIED && definer(sql).is_some() =>
        {
            session.run_foreign(&without_definer(sql))
        }
        outcome => outcome,
    };
    outcome.map(drop).map_err(|source| refused(session, source))
}

/// Whether a statement reaches another database, or prepares one that does.
fn leaves(session: &mut Session, sql: &str, others: &[String]) -> Result<bool, ::mysql::Error> {
    if super::leaves::leaves(sql, others) {
        return Ok(true);
    }
    let Some(expression) = super::leaves::prepared(sql) else { return Ok(false) };
    let text: Option<Option<Vec<u8>>> = session.connection.query_first(format!("SELECT {expression}"))?;
    let text = text.flatten().unwrap_or_default();
    Ok(super::leaves::leaves(&String::from_utf8_lossy(&text), others))
}

fn syntax(file: &str, error: &StatementsError) -> Error {
    Error::Syntax { file: file.to_owned(), line: error.line(), problem: error.problem() }
}

/// How a statement begins, on one line.
fn beginning(sql: &str) -> String {
    let mut words = String::new();
    for word in sql.split_whitespace().take(BEGINNING_CHARACTERS) {
        words.extend([if words.is_empty() { "" } else { " " }, word]);
        if words.len() > BEGINNING_CHARACTERS * 4 {
            break;
        }
    }
    if let Some((end, _)) = words.char_indices().nth(BEGINNING_CHARACTERS) {
        words.truncate(end);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_beginning_of_a_statement_on_one_line() {
        assert_eq!(beginning("ALTER TABLE t\n   ADD x INT"), "ALTER TABLE t ADD x INT");
        assert_eq!(beginning(&"é".repeat(300)).chars().count(), BEGINNING_CHARACTERS + 1);
    }
}
