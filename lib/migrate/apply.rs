//! Runs what is not in the ledger yet, statement by statement.
//!
//! In: a [`Checkout`], the database that is being refreshed. Out: one [`Migration`] per file. MySQL commits DDL by
//! itself, so a file is not a transaction; but the database is thrown away if a file fails.

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

/// How much of a failed statement is shown.
const BEGINNING_CHARACTERS: usize = 120;

/// The longest statement of a migration: rows belong into smaller ones.
const STATEMENT_BYTES_MAX: usize = 64 << 20;

/// What a file begins with that Git LFS has taken away.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

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

/// A connection as the stock client would open it: the server's own SQL mode and time zone.
fn open(target: &SqlTarget<'_>) -> Result<Session, Error> {
    let mut session = target.server.connect_to(Some(target.database))?;
    session.attempt("SET SESSION time_zone = @@global.time_zone");
    session.attempt("SET SESSION wait_timeout = 172800");
    Ok(session)
}

/// One file on its way, over a connection of its own: what it sets, locks or leaves open is nobody else's.
struct FileRun<'a> {
    house: &'a House,
    session: Session,
    target: &'a SqlTarget<'a>,
    file: &'a MigrationFile,
    others: Vec<String>,
    /// How the session reads text now.
    mode: Mode,
    /// `${name}` is something that the framework would replace.
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

    /// One statement, which has one round trip to itself.
    fn statement(&mut self, line: u64, sql: &str) -> Result<(), Error> {
        let file = || self.file.shown.clone();
        if let Some(name) = flyway::placeholder(sql).filter(|_| self.placeholders) {
            return Err(Error::Placeholder { file: file(), line, name });
        }
        // The file is in that database already, under the name that it has until the swap.
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
            // In whose name it runs is decided before the swap, and is not this account's to say.
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

    /// What is open is gone with the connection, as with every client; locks go too, and with them nothing.
    fn end(mut self) -> Result<(), Error> {
        // Refused within a transaction, and of no consequence otherwise.
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

/// Asks the session how it reads text: its SQL mode.
fn mode_of(session: &mut Session) -> Result<Mode, Error> {
    let mode = session.first::<String>("reading the SQL mode", "SELECT @@sql_mode")?;
    Ok(Mode::of(&mode.unwrap_or_default()))
}

/// Whether a statement reaches another database, or prepares one that does.
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
