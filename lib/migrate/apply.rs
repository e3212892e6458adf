//! Runs the migrations that are not in the ledger yet, statement by statement.
//!
//! In: a [`Checkout`], the database that is being refreshed. Out: one [`Migration`] for each file, or for the command. MySQL
//! commits DDL by itself, so a file is not a transaction; but if a file fails, the staging database is not swapped in.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

use mysql::prelude::Queryable;

use super::checkout::Checkout;
use super::command;
use super::error::Error;
use super::files::MigrationFile;
use super::flyway;
use super::leaves;
use super::ledger::Ledger;
use super::target::SqlTarget;
use crate::config::LedgerPreset;
use crate::document::{Migration, MigrationStatus};
use crate::house::House;
use crate::mysql::{Session, Warnings, number};
use crate::sql::{Mode, Statements, StatementsError, definer, singles, without_definer};

/// Messages show so many characters of a statement.
const BEGINNING_CHARACTERS: usize = 120;

/// The longest statement of a migration: many rows belong in several statements.
const STATEMENT_BYTES_MAX: usize = 64 << 20;

/// The beginning of a pointer that Git LFS leaves in place of a file.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// So many bytes are read from a file at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// Runs the migrations of the branch. Calls `seen` with each migration as it ends, also with a failed or an already applied one.
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
    let (files, left_out) = ledger.order(&checkout.files)?;
    for file in left_out {
        house.progress.warn(&format!(
            "{file} is no migration that goes forward (a callback or a baseline): it is left out"
        ));
    }
    let placeholders = checkout.settings.ledger.preset == LedgerPreset::Flyway;
    for file in &files {
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
        let outcome = FileRun::of(house, target, file, placeholders)
            .and_then(FileRun::go)
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

/// Opens a connection with the server's own SQL mode and time zone, as the `mysql` client does. It may be idle for 48 hours.
fn open(target: &SqlTarget<'_>) -> Result<Session, Error> {
    let mut session = target.server.connect_to(Some(target.database))?;
    session.attempt("SET SESSION time_zone = @@global.time_zone");
    session.attempt("SET SESSION wait_timeout = 172800");
    Ok(session)
}

/// The run of one file, over a connection of its own: settings, locks and transactions of one file do not reach the next.
struct FileRun<'a> {
    house: &'a House,
    session: Session,
    target: &'a SqlTarget<'a>,
    file: &'a MigrationFile,
    others: Vec<String>,
    /// The session's present SQL mode, by which text is cut into statements.
    mode: Mode,
    /// True if `${name}` is refused because the framework (Flyway) would replace it.
    placeholders: bool,
    warnings: Warnings,
}

impl<'a> FileRun<'a> {
    fn of(
        house: &'a House,
        target: &'a SqlTarget<'a>,
        file: &'a MigrationFile,
        placeholders: bool,
    ) -> Result<Self, Error> {
        let mut session = open(target)?;
        session.refuse_files();
        let (others, mode) = (leaves::others(target), mode_of(&mut session)?);
        Ok(Self { house, session, target, file, others, mode, placeholders, warnings: Warnings::default() })
    }

    fn go(mut self) -> Result<(), Error> {
        let shown = &self.file.shown;
        let fail = |source| Error::Read { file: shown.clone(), source };
        let mut reader = BufReader::with_capacity(BLOCK_BYTES, File::open(&self.file.path).map_err(fail)?);
        if reader.fill_buf().map_err(fail)?.starts_with(LFS_POINTER) {
            let problem = "a pointer of Git LFS, not the file itself: install git-lfs where dev-restore runs"
                .to_owned();
            return Err(Error::Syntax { file: shown.clone(), line: 1, problem });
        }
        let mut statements = Statements::new(reader).limit(STATEMENT_BYTES_MAX);
        statements.read_as(self.mode);
        while let Some(statement) = statements.next() {
            self.house.cancel.check()?;
            let statement = statement.map_err(|e| syntax(shown, &e))?;
            let sql = std::str::from_utf8(&statement.sql).map_err(|_| {
                let problem = "not UTF-8: save the file as UTF-8".to_owned();
                Error::Syntax { file: shown.clone(), line: statement.line, problem }
            })?;
            if statement.block {
                for (line, place) in singles(sql, statement.line, self.mode) {
                    self.statement(line, &sql[place])?;
                }
            } else {
                self.statement(statement.line, sql)?;
            }
            statements.read_as(self.mode);
        }
        self.end()
    }

    /// Checks one statement and sends it to the server alone.
    fn statement(&mut self, line: u64, sql: &str) -> Result<(), Error> {
        let file = || self.file.shown.clone();
        if let Some(name) = flyway::placeholder(sql).filter(|_| self.placeholders) {
            return Err(Error::Placeholder { file: file(), line, name });
        }
        // A USE of the target's database is skipped: the session uses the staging database, which gets this name at the swap.
        if leaves::turns_to(sql).is_some_and(|name| name == self.target.live || name == self.target.database)
        {
            return Ok(());
        }
        if leaves::wants_local_file(sql) {
            return Err(Error::LocalFile { file: file(), line, beginning: beginning(sql) });
        }
        if reaches_elsewhere(&mut self.session, sql, &self.others)
            .map_err(|source| self.refused(line, sql, &source))?
        {
            return Err(Error::Leaves { file: file(), line, beginning: beginning(sql) });
        }
        if leaves::asks_for(sql, self.target.live) {
            let told = leaves::wrong_question(self.target);
            self.house.progress.warn(&format!("{}:{line}: {told}", self.file.shown));
        }
        let outcome = match self.session.run_bytes(sql.as_bytes()) {
            // This account may not set a definer. The definer is set before the swap anyway, so the clause is left out.
            Err(::mysql::Error::MySqlError(e))
                if e.code == number::SPECIFIC_ACCESS_DENIED && definer(sql).is_some() =>
            {
                self.session.run_bytes(without_definer(sql).as_bytes())
            }
            outcome => outcome,
        };
        let answer = outcome.map_err(|source| self.refused(line, sql, &source))?;
        self.warnings.count(&mut self.session, line, answer.warnings);
        if leaves::sets_mode(sql) {
            self.mode = mode_of(&mut self.session)?;
        }
        Ok(())
    }

    fn refused(&self, line: u64, sql: &str, source: &::mysql::Error) -> Error {
        let (file, beginning) = (self.file.shown.clone(), beginning(sql));
        let failure = Box::new(self.session.fail_in("the migration", sql, source));
        Error::Statement { file, line, beginning, failure }
    }

    /// Ends the run; fails if the file left a transaction open, because its writes are lost with the connection. Locks that the
    /// file left do no harm: they end with the connection.
    fn end(mut self) -> Result<(), Error> {
        // The server refuses this statement within a transaction. Otherwise it changes nothing that matters here.
        let probe = self.session.run_foreign("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if matches!(&probe, Err(::mysql::Error::MySqlError(e)) if e.code == number::IN_TRANSACTION) {
            return Err(Error::Open { file: self.file.shown.clone() });
        }
        if let Some(told) = self.warnings.told() {
            self.house.progress.warn(&format!("{}: {told}", self.file.shown));
        }
        Ok(())
    }
}

/// Reads the session's SQL mode, which decides how the server reads text.
fn mode_of(session: &mut Session) -> Result<Mode, Error> {
    let mode = session.first::<String>("reading the SQL mode", "SELECT @@sql_mode")?;
    Ok(Mode::of(&mode.unwrap_or_default()))
}

/// True if a statement reaches another database, or prepares a statement that does.
fn reaches_elsewhere(session: &mut Session, sql: &str, others: &[String]) -> Result<bool, ::mysql::Error> {
    if leaves::leaves(sql, others) {
        return Ok(true);
    }
    let Some(expression) = leaves::prepared(sql) else { return Ok(false) };
    let text: Option<Option<Vec<u8>>> = session.connection.query_first(format!("SELECT {expression}"))?;
    let text = text.flatten().unwrap_or_default();
    Ok(leaves::leaves(&String::from_utf8_lossy(&text), others))
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
