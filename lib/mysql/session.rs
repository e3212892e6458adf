//! One connection. Each statement comes with words for what it does, so that an error says more than a number.
//!
//! The driver always lets the server run several statements of one text. A text of somebody else could add statements
//! that nobody has checked, so this is turned off right after the login. Where that fails (over TLS, or behind a proxy
//! that does not know the command), a text with a semicolon is prepared first: the server prepares one statement only.

use std::borrow::Cow;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

use mysql::prelude::{FromRow, Queryable};
use mysql::{Conn, LocalInfileHandler, Row};

use super::error::{Cause, Error, number, warning};
use super::infile::{self, Broken, InfileOutcome};
use super::packets::{ClientCommand, Packets};
use super::raw::{self, NO_FILES, StatementOutcome};
use super::wire::{self, Fields};
use crate::sql;

/// The software that a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// MySQL 8 and later, Aurora MySQL 3.
    MySql,
    /// MariaDB, of any version.
    MariaDb,
}

/// One connection to a server.
#[derive(Debug)]
pub struct Session {
    /// The driver's connection, to read a result as a stream.
    pub connection: Conn,
    label: String,
    engine: Engine,
    version: String,
    /// Whether the connection uses TLS, so that only the driver can send and receive.
    secure: bool,
    /// Whether the server refuses a text of several statements.
    single: bool,
}

/// How many texts the server decodes in one statement.
const DECODED_AT_ONCE: usize = 200;

/// The argument of `COM_SET_OPTION`: `MYSQL_OPTION_MULTI_STATEMENTS_OFF`.
const MULTI_STATEMENTS_OFF: [u8; 2] = 1_u16.to_le_bytes();

/// The definition of a view, routine, trigger or event, as the server shows it.
#[derive(Debug)]
pub(crate) struct ProgramDefinition {
    /// The whole row of the answer.
    pub(crate) row: Row,
    /// The character set of the statement's bytes: that of the client that made the object, or utf8mb4 where that one
    /// hides quotes.
    pub(crate) charset: String,
    /// The statement that creates the object, if it can be read.
    pub(crate) text: Result<String, DefinitionUnread>,
}

/// Why a definition has no statement that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefinitionUnread {
    /// The account may not see the definition.
    Hidden,
    /// The bytes of the definition cannot be turned into text.
    NoText,
}

/// The text in a column of a row, by the column's name in any case.
pub(crate) fn text_of(row: &Row, column: &str) -> Option<String> {
    let at = row.columns_ref().iter().position(|one| one.name_str().eq_ignore_ascii_case(column))?;
    row.get_opt(at)?.ok()
}

impl Session {
    pub(crate) fn begin(mut connection: Conn, label: String, secure: bool) -> Result<Self, Error> {
        let version: Option<String> = connection
            .query_first("SELECT VERSION()")
            .map_err(|e| Error::Connect { server: label.clone(), source: e.into() })?;
        let version = version.unwrap_or_default();
        let engine = if version.contains("MariaDB") { Engine::MariaDb } else { Engine::MySql };
        let single = !secure
            && one_statement_a_text(&connection).map_err(|e| Error::Connect {
                server: label.clone(),
                source: mysql::Error::from(e).into(),
            })?;
        Ok(Self { connection, label, engine, version, secure, single })
    }

    /// The server software: MySQL or MariaDB.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The version that the server reports: `10.11.19-MariaDB-…`, `9.7.4`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// `user@host:port`, as messages name the login.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Runs a statement and returns how many rows it changed. `deed` says what it does: `truncating app.logs`.
    pub fn run(&mut self, deed: &str, sql: &str) -> Result<u64, Error> {
        self.run_foreign(sql).map_err(|source| self.fail_in(deed, sql, &source))
    }

    /// Runs a statement that may be of somebody else, and reads all results: what fails after the first one is an error
    /// too. A text of more than one statement is a syntax error.
    pub fn run_foreign(&mut self, sql: &str) -> Result<u64, mysql::Error> {
        if !self.single && sql.contains(';') {
            self.prove_single(sql)?;
        }
        let mut results = self.connection.query_iter(sql)?;
        while let Some(rows) = results.iter() {
            for row in rows {
                row?;
            }
        }
        drop(results);
        Ok(self.connection.affected_rows())
    }

    /// Like [`Self::run_foreign`], for bytes in the session's character set.
    pub(crate) fn run_bytes(&mut self, sql: &[u8]) -> Result<StatementOutcome, mysql::Error> {
        let text = match std::str::from_utf8(sql) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if !self.secure && (self.single || !sql.contains(&b';')) => {
                return raw::run(self.connection.as_raw_fd(), sql);
            }
            // Otherwise only the driver can send, and it takes text: values that are no UTF-8 go as hexadecimal digits.
            Err(_) => Cow::Owned(self.as_text(sql)?),
        };
        let rows = self.run_foreign(&text)?;
        Ok(StatementOutcome { rows, warnings: self.connection.warnings() })
    }

    /// An INSERT whose values are bytes in the session's character set, as text.
    fn as_text(&mut self, sql: &[u8]) -> Result<String, mysql::Error> {
        let charset: Option<String> = self.connection.query_first("SELECT @@character_set_client")?;
        let charset =
            charset.filter(|charset| !charset.starts_with("utf8")).map(|charset| format!("_{charset} "));
        sql::as_utf8(sql, &charset.unwrap_or_default()).map_err(|_| {
            let why = "a statement that is no UTF-8 goes over TLS only if it is an INSERT of values";
            io::Error::new(io::ErrorKind::InvalidData, why).into()
        })
    }

    /// What a SHOW CREATE (`sql`) answers of a `kind` of program: `VIEW`, `FUNCTION`, `PACKAGE BODY`, `TRIGGER`, `EVENT`.
    /// Nothing if it gives no row.
    pub(crate) fn definition(
        &mut self,
        deed: &str,
        sql: &str,
        (kind, name): (&str, &str),
    ) -> Result<Option<ProgramDefinition>, Error> {
        let Some((row, charset)) = self.show_create(deed, sql)? else { return Ok(None) };
        let statement = match kind {
            "VIEW" => 1,
            "EVENT" => 3,
            _ => 2,
        };
        let bytes = row.get_opt::<Option<Vec<u8>>, usize>(statement).and_then(|found| found.ok().flatten());
        let Some(bytes) = bytes else {
            return Ok(Some(ProgramDefinition { row, charset, text: Err(DefinitionUnread::Hidden) }));
        };
        let mode = sql::Mode::of(&text_of(&row, "sql_mode").unwrap_or_default());
        let program = sql::ProgramText { bytes: &bytes, kind, name, charset: &charset, mode };
        let text = program.text(|texts| self.decoded(&charset, texts))?.ok_or(DefinitionUnread::NoText);
        Ok(Some(ProgramDefinition { row, charset, text }))
    }

    /// The answer to a SHOW CREATE in the bytes that the server keeps, and the character set of the client that made the
    /// object. If this one hides quotes, the bytes are UTF-8.
    fn show_create(&mut self, deed: &str, sql: &str) -> Result<Option<(Row, String)>, Error> {
        self.run(deed, "SET character_set_results = binary")?;
        let row = self.first::<Row>(deed, sql);
        self.run(deed, "SET character_set_results = utf8mb4")?;
        let Some(row) = row? else { return Ok(None) };
        let charset = text_of(&row, "character_set_client").unwrap_or_default();
        if sql::hides_quotes(&charset) {
            let row = self.first::<Row>(deed, sql)?;
            return Ok(row.map(|row| (row, "utf8mb4".to_owned())));
        }
        Ok(Some((row, charset)))
    }

    /// Texts of another character set in UTF-8, as the server decodes them.
    fn decoded(&mut self, charset: &str, texts: &[&[u8]]) -> Result<Vec<String>, Error> {
        let deed = format!("reading texts in {charset}");
        let mut all = Vec::with_capacity(texts.len());
        for some in texts.chunks(DECODED_AT_ONCE) {
            let one = |text: &&[u8]| {
                format!("CAST(CONVERT(_{charset} x'{}' USING utf8mb4) AS BINARY)", sql::hex(text))
            };
            let list: Vec<String> = some.iter().map(one).collect();
            let row = self.first::<Row>(&deed, &format!("SELECT {}", list.join(", ")))?;
            let values = row.map(Row::unwrap).unwrap_or_default();
            let text = |value| match value {
                mysql::Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                _ => String::new(),
            };
            all.extend(values.into_iter().map(text));
        }
        Ok(all)
    }

    /// Creates a program as a client with `charset` would, if the statement can be written in it; otherwise in utf8mb4.
    /// The server keeps the character set with the program, and applications ask for it.
    pub(crate) fn run_as_client(&mut self, deed: &str, sql: &str, charset: &str) -> Result<u64, Error> {
        let bytes = if sql.is_ascii() {
            sql.as_bytes().to_vec()
        } else if self.secure || charset.starts_with("utf8") || sql::hides_quotes(charset) {
            return self.run(deed, sql);
        } else {
            let text = format!(
                "SELECT CAST(CONVERT(_utf8mb4 x'{}' USING {charset}) AS BINARY)",
                sql::hex(sql.as_bytes())
            );
            let Some(bytes) = self.first::<Vec<u8>>(deed, &text)? else { return self.run(deed, sql) };
            if self.decoded(charset, &[&bytes])? != [sql] {
                return self.run(deed, sql);
            }
            bytes
        };
        if !self.attempt(&format!("SET character_set_client = {charset}")) {
            return self.run(deed, sql);
        }
        let outcome = self.run_bytes(&bytes).map_err(|source| self.fail_in(deed, sql, &source));
        self.run(deed, "SET character_set_client = utf8mb4")?;
        outcome.map(|answer| answer.rows)
    }

    /// From now on, a statement that asks for a file of this host fails.
    pub(crate) fn refuse_files(&mut self) {
        let refuse = LocalInfileHandler::new(|_, _| Err(io::Error::other(NO_FILES)));
        self.connection.set_local_infile_handler(Some(refuse));
    }

    /// Fails when a text is more than one statement: to prepare a text, the server reads it to its end, and refuses what
    /// follows the first one. What it cannot prepare it has read as one statement.
    fn prove_single(&mut self, sql: &str) -> Result<(), mysql::Error> {
        match self.connection.prep(sql) {
            Ok(statement) => self.connection.close(statement),
            Err(mysql::Error::MySqlError(e)) if e.code == number::NOT_PREPARABLE => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Has the server resolve a query's names without running it: no function in it is called.
    pub(crate) fn resolve(&mut self, deed: &str, sql: &str) -> Result<(), Error> {
        let prepared = self.connection.prep(sql).and_then(|statement| self.connection.close(statement));
        prepared.map_err(|source| self.fail_in(deed, sql, &source))
    }

    /// All rows of a small result.
    pub fn rows<T: FromRow>(&mut self, deed: &str, sql: &str) -> Result<Vec<T>, Error> {
        let rows: Vec<Row> = self.connection.query(sql).map_err(|source| self.fail_in(deed, sql, &source))?;
        rows.into_iter()
            .map(|row| mysql::from_row_opt(row).map_err(|e| self.fail(deed, mysql::Error::FromRowError(e.0))))
            .collect()
    }

    /// The first row, if there is one.
    pub fn first<T: FromRow>(&mut self, deed: &str, sql: &str) -> Result<Option<T>, Error> {
        Ok(self.rows(deed, sql)?.into_iter().next())
    }

    /// Calls `row` with each row of a large result; `row` says whether to go on. If it does not, or the connection fails,
    /// the session can only be closed.
    pub fn each_row(
        &mut self,
        deed: &str,
        sql: &str,
        row: impl FnMut(Fields<'_>) -> bool,
    ) -> Result<(), Error> {
        let outcome = wire::each_row(&mut self.connection, self.secure, sql, row);
        outcome.map_err(|source| self.fail_in(deed, sql, &source))
    }

    /// Runs a LOAD DATA LOCAL with the rows that `feed` writes, best in large pieces. After an error that is not the
    /// server's own, the session can only be closed.
    pub fn load_rows<E: Send + 'static>(
        &mut self,
        sql: &str,
        feed: impl FnOnce(&mut dyn Write) -> Result<(), E> + Send + 'static,
    ) -> Result<InfileOutcome, Broken<E>> {
        if self.secure {
            infile::load_by_driver(&mut self.connection, sql, feed)
        } else {
            infile::load(&self.connection, sql, feed)
        }
    }

    /// Whether names of databases and tables that differ in case only are the same (`lower_case_table_names`). If the
    /// server does not say so, they are not.
    pub(crate) fn ignores_case(&mut self) -> bool {
        let found = self.first::<u8>("asking how names are compared", "SELECT @@lower_case_table_names");
        found.ok().flatten().is_some_and(|how| how != 0)
    }

    /// Runs a statement that may need a privilege or a newer server. Returns whether it succeeded; the error is dropped.
    pub fn attempt(&mut self, sql: &str) -> bool {
        self.connection.query_drop(sql).is_ok()
    }

    /// Describes a failure of this connection.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes from map_err, and nobody needs it afterwards"
    )]
    pub fn fail(&self, deed: &str, source: mysql::Error) -> Error {
        self.fail_in(deed, "", &source)
    }

    /// Like [`Self::fail`]. Of an error with an unknown number, only the names that `sql` has are shown.
    pub(crate) fn fail_in(&self, deed: &str, sql: &str, source: &mysql::Error) -> Error {
        let source = Cause::of(source, sql);
        Error::Statement { deed: deed.to_owned(), server: self.label.clone(), source }
    }
}

/// After so many statements that changed values, warnings are no longer read: each of millions may have some. Notes do
/// not count.
const CHANGED_MAX: usize = 1000;

/// Warnings about how a statement is written (deprecations), not about values.
const ABOUT_WORDS: [u16; 8] = [1287, 1681, 1831, 3719, 3720, 3778, 3950, 4095];

/// A warning of the server: its level, number and text.
type Warning = (String, u16, Vec<u8>);

/// Warnings of a server that changed values but took the statement: values were cut, rounded or replaced.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    count: u64,
    first: Option<String>,
    /// How many statements changed values.
    changed: usize,
}

impl Warnings {
    /// Reads the warnings about the last statement of a session, which begins in `line`; `warnings` is their number.
    /// Notes and deprecations are not counted, as they are not about values.
    pub(crate) fn count(&mut self, session: &mut Session, line: u64, warnings: u16) {
        if warnings == 0 || self.changed >= CHANGED_MAX {
            return;
        }
        let all = session.rows::<Warning>("reading warnings", "SHOW WARNINGS").unwrap_or_default();
        self.note(line, &all);
    }

    /// Counts the warnings about the statement in `line`.
    fn note(&mut self, line: u64, all: &[Warning]) {
        let about_values = |(level, code, _): &&Warning| level != "Note" && !ABOUT_WORDS.contains(code);
        let mut values = all.iter().filter(about_values);
        if let Some((_, code, message)) = values.next() {
            self.changed += 1;
            self.count += 1 + values.count() as u64;
            let said = warning(*code, &String::from_utf8_lossy(message));
            self.first.get_or_insert_with(|| format!("line {line}: {said}"));
        }
    }

    /// How many warnings there were and the first one, if there were any.
    pub(crate) fn told(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let plural = if self.count == 1 { "" } else { "s" };
        let least = if self.changed >= CHANGED_MAX { "at least " } else { "" };
        Some(format!("{least}{} warning{plural} of the server, the first at {first}", self.count))
    }
}

/// Tells the server that one text is one statement from now on. False if the server or a proxy does not know the command.
fn one_statement_a_text(connection: &Conn) -> std::io::Result<bool> {
    let mut packets = Packets::new(connection.as_raw_fd());
    packets.ask(ClientCommand::SetOption, &MULTI_STATEMENTS_OFF)?;
    Ok(matches!(packets.packet()?, [0x00 | 0xfe, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_hide_no_value_that_was_cut_and_too_many_are_said_to_be_at_least_so_many() {
        let mut warnings = Warnings::default();
        for line in 0..2000 {
            warnings.note(line, &[("Note".to_owned(), 1051, b"Unknown table 'x'".to_vec())]);
        }
        assert_eq!(warnings.told(), None);
        let cut = [("Warning".to_owned(), 1265, b"Data truncated for column 'a' at row 1".to_vec())];
        warnings.note(2000, &cut);
        let told = warnings.told().unwrap();
        assert!(told.starts_with("1 warning of the server, the first at line 2000"), "{told}");
        (2001..4000).for_each(|line| warnings.note(line, &cut));
        let told = warnings.told().unwrap();
        assert!(told.starts_with("at least "), "{told}");
    }
}
