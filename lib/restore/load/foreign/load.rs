//! Runs a file, statement by statement, and compares what is there with what was written.
//!
//! In: a [`PlainFile`], an empty database, who may load it. Out: its tables, counted over a connection of their own, so that nothing counts
//! that was not committed. What the server only warns of is told.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{PlainFile, fail};
use super::judge::{Judge, StatementVerdict};
use super::open::Open;
use super::reading::{ForeignStatement, shown};
use super::settings;
use super::tally::RowTally;
use super::walk::{Walker, walk};
use crate::document::TableDigest;
use crate::house::House;
use crate::migrate::prepared;
use crate::mysql::{Server, Session, Warnings, number};
use crate::restore::error::Error;
use crate::restore::swap::objects;
use crate::restore::swap::state;
use crate::restore::target::DevTarget;
use crate::sql::{Mode, name, qualified};

/// How many statements are told that were left out, or warned of.
const TOLD_MAX: usize = 5;

/// A table before the end of the session that wrote it, and rows.
type Counts = BTreeMap<String, u64>;

/// What goes on while a file is loaded.
struct ForeignLoad<'a> {
    file: &'a PlainFile,
    session: Session,
    staging: String,
    judge: Judge,
    tally: RowTally,
    mode: Mode,
    /// The longest statement that the server takes.
    packet_bytes_max: u64,
    /// LOCK TABLES without UNLOCK.
    locked: bool,
    open: Open,
    awake: BTreeSet<String>,
    /// How many statements were left out, and the first ones.
    left_out: (usize, Vec<String>),
    /// A collation that this server does not know.
    gave_way: Option<String>,
    warnings: Warnings,
}

impl PlainFile {
    /// Loads the file into the staging database, and counts. `others` are databases that only a look at the text keeps it out of.
    pub(crate) fn load(
        &self,
        house: &House,
        target: &DevTarget,
        server: &Server,
        others: Vec<String>,
    ) -> Result<Vec<TableDigest>, Error> {
        let mut session = server.connect_to(Some(&target.staging()))?;
        // As the stock client: the server's own time zone and mode, until the file says otherwise.
        session.attempt("SET SESSION time_zone = @@global.time_zone");
        session.attempt("SET SESSION wait_timeout = 172800");
        session.refuse_files();
        let header = self.database.as_deref();
        let judge = Judge::new(&target.database, header, self.chosen.clone(), session.engine(), others)
            .ignoring_case(session.ignores_case());
        let mut loading = ForeignLoad {
            file: self,
            mode: mode_of(&mut session)?,
            packet_bytes_max: packet_bytes_max(&mut session)?,
            session,
            staging: target.staging(),
            judge,
            tally: RowTally::default(),
            locked: false,
            open: Open::default(),
            awake: BTreeSet::new(),
            left_out: (0, Vec::new()),
            gave_way: None,
            warnings: Warnings::default(),
        };
        walk(self, house, "loading", &mut loading)?;
        if let Some(problem) = loading.judge.missed() {
            return Err(fail(&self.path, 0, problem));
        }
        loading.end(house)?;
        let _ = self.awake.set(std::mem::take(&mut loading.awake));
        let before = loading.count_unknown()?;
        let ForeignLoad { tally, .. } = loading;
        self.count(target, server, &tally, &before)
    }

    /// Counts what is there now that the session is over that wrote it.
    fn count(
        &self,
        target: &DevTarget,
        server: &Server,
        tally: &RowTally,
        before: &Counts,
    ) -> Result<Vec<TableDigest>, Error> {
        let mut session = server.connect_to(Some(&target.staging()))?;
        if !state::has_tables(&mut session, &target.staging())? {
            return Err(fail(&self.path, 0, "it makes no table: the database in use stays".to_owned()));
        }
        objects::refuse_our_names(&mut session, &target.staging())?;
        let mut tables = Vec::new();
        for table in objects::tables(&mut session, &target.staging())? {
            let rows = count_of(&mut session, &target.staging(), &table)?;
            let expected = tally.expected(&table).or_else(|| before.get(&table).copied());
            if let Some(expected) = expected.filter(|expected| rows != *expected) {
                let what = format!("{expected} rows were written, {rows} are there");
                return Err(Error::Differs { table, what });
            }
            let database = target.database.clone();
            tables.push(TableDigest { database, table, rows, ..TableDigest::default() });
        }
        Ok(tables)
    }
}

impl Walker for ForeignLoad<'_> {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn one(&mut self, line: u64, sql: &[u8]) -> Result<Option<usize>, Error> {
        let reading = ForeignStatement::of(sql, self.mode);
        let refuse = |problem: String| fail(&self.file.path, line, problem);
        let (edits, event) = match self.judge.judge(&reading).map_err(refuse)? {
            StatementVerdict::Skip => return Ok(None),
            StatementVerdict::LeftOut => {
                self.left_out.0 += 1;
                if self.left_out.0 <= TOLD_MAX {
                    self.left_out.1.push(format!("line {line}: {}", reading.beginning()));
                }
                return Ok(None);
            }
            StatementVerdict::Split(at) => return Ok(Some(at)),
            StatementVerdict::Collation(options) => return self.set_collation(line, &options).map(|()| None),
            StatementVerdict::Run(edits) => (edits, None),
            StatementVerdict::Event(edits, event) => (edits, Some(event)),
        };
        if self.judge.is_only_guard() {
            self.refuse_prepared(line, &reading)?;
        }
        let text = reading.spliced(edits);
        if text.len() as u64 + 1 > self.packet_bytes_max {
            let (needed, allowed) = (text.len() as u64 + 1, self.packet_bytes_max);
            return Err(Error::Packet { needed, allowed });
        }
        let answer = self.session.run_bytes(&text).map_err(|e| self.refused(line, &text, &e))?;
        self.warnings.count(&mut self.session, line, answer.warnings);
        self.tally.note(&reading, answer.rows);
        self.open.note(&reading, self.tally.has_functions());
        if let Some(event) = event.filter(|event| event.awake) {
            let name = self.server_name(&event.name)?;
            self.awake.insert(name);
        }
        self.remember(&reading)?;
        Ok(None)
    }
}

impl ForeignLoad<'_> {
    /// A name as the server keeps it: it reads the bytes of the file in the session's character set.
    fn server_name(&mut self, raw: &[u8]) -> Result<String, Error> {
        if raw.is_ascii() {
            return Ok(String::from_utf8_lossy(raw).into_owned());
        }
        let deed = "reading a name of the file";
        let charset = self.session.first::<String>(deed, "SELECT @@character_set_client")?;
        let charset = charset.unwrap_or_else(|| "utf8mb4".to_owned());
        let hex = raw.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let sql = format!("SELECT CAST(CONVERT(CONVERT(x'{hex}' USING {charset}) USING utf8mb4) AS BINARY)");
        let name = self.session.first::<Vec<u8>>(deed, &sql)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// What a statement leaves behind that matters for those to come.
    fn remember(&mut self, reading: &ForeignStatement<'_>) -> Result<(), Error> {
        if reading.is(0, "SET") && settings::changes_mode(reading) {
            self.mode = mode_of(&mut self.session)?;
        }
        if reading.is_any(0, &["LOCK", "UNLOCK"]) && reading.is_any(1, &["TABLE", "TABLES"]) {
            self.locked = reading.is(0, "LOCK");
        }
        // ALTER EVENT e DISABLE
        let event = (1..8).find(|at| reading.is(0, "ALTER") && reading.is(*at, "EVENT"));
        if let Some((_, behind)) = event.and_then(|at| reading.object(at + 1))
            && reading.code.iter().any(|token| token.is_word(&*reading.text, "DISABLE"))
        {
            let name = self.server_name(&reading.raw_name(behind - 1))?;
            self.awake.remove(&name);
        }
        Ok(())
    }

    /// A collation of the other kind of server gives way to the character set's default.
    fn set_collation(&mut self, line: u64, options: &str) -> Result<(), Error> {
        let sql = |options: &str| format!("ALTER DATABASE {} {options}", name(&self.staging));
        let charset = options.split(" COLLATE ").next().unwrap_or(options);
        let (whole, less) = (sql(options), sql(charset));
        match self.session.run_foreign(&whole) {
            Err(::mysql::Error::MySqlError(e))
                if e.code == number::UNKNOWN_COLLATION && charset != options =>
            {
                self.session.run_foreign(&less).map_err(|e| self.refused(line, less.as_bytes(), &e))?;
                self.gave_way.get_or_insert_with(|| format!("line {line}: {options}"));
                Ok(())
            }
            outcome => outcome.map(drop).map_err(|e| self.refused(line, whole.as_bytes(), &e)),
        }
    }

    /// What is put together at run time is asked for, where nothing but a look at it keeps it from leaving.
    fn refuse_prepared(&mut self, line: u64, reading: &ForeignStatement<'_>) -> Result<(), Error> {
        let Some(expression) = prepared(&reading.text) else { return Ok(()) };
        let sql = format!("SELECT {expression}");
        let text: Option<Option<Vec<u8>>> =
            ::mysql::prelude::Queryable::query_first(&mut self.session.connection, &sql)
                .map_err(|e| self.refused(line, sql.as_bytes(), &e))?;
        let text = text.flatten().unwrap_or_default();
        if self.judge.leaves_when_prepared(&String::from_utf8_lossy(&text)) {
            return Err(fail(
                &self.file.path,
                line,
                "this would leave the database that is being loaded".to_owned(),
            ));
        }
        Ok(())
    }

    fn refused(&self, line: u64, sql: &[u8], error: &::mysql::Error) -> Error {
        Error::Plain {
            path: self.file.path.clone(),
            line,
            problem: "the server refused the statement".to_owned(),
            source: Some(self.session.fail_in("loading", &shown(sql), error)),
        }
    }

    /// The file is at its end: what it leaves open would be lost with its session, as with the stock client.
    fn end(&mut self, house: &House) -> Result<(), Error> {
        // Refused within a transaction, and of no consequence otherwise.
        let probe = self.session.run_foreign("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if let Err(::mysql::Error::MySqlError(e)) = &probe
            && e.code == number::IN_TRANSACTION
            && self.open.written()
        {
            let problem = "its last transaction is open: its rows would be lost (is it cut off? it ends without the COMMIT of its START \
                           TRANSACTION or SET autocommit = 0)";
            return Err(fail(&self.file.path, 0, problem.to_owned()));
        }
        self.session.run("unlocking the tables", "UNLOCK TABLES")?;
        // From here on the questions are ours, and the file may have set the session otherwise.
        for setting in ["NAMES utf8mb4", "sql_mode = ''", "sql_select_limit = DEFAULT"] {
            self.session.run("setting up the connection again", &format!("SET {setting}"))?;
        }
        self.tell(house);
        Ok(())
    }

    /// What a person should know although all went well.
    fn tell(&self, house: &House) {
        let name = self.file.path.file_name().unwrap_or_default().to_string_lossy();
        if self.locked {
            house.progress.warn(&format!("{name}: it ends with its tables locked: perhaps it was cut off"));
        }
        if let Some(told) = &self.gave_way {
            house.progress.warn(&format!(
                "{name}: {told}: this server does not know the collation; the database has the default one of that character set"
            ));
        }
        let (count, first) = &self.left_out;
        for told in first {
            house
                .progress
                .warn(&format!("{told}: this is about the server, not about the data, and is left out"));
        }
        if *count > first.len() {
            house.progress.warn(&format!("{} more of that kind are left out", count - first.len()));
        }
        if let Some(told) = self.warnings.told() {
            house.progress.warn(&format!("{name}: {told}"));
        }
    }

    /// The tables of which nobody knows how many rows they must hold, as the session sees them that wrote them.
    fn count_unknown(&mut self) -> Result<Counts, Error> {
        let tables = objects::tables(&mut self.session, &self.staging)?;
        let unknown = tables.into_iter().filter(|table| self.tally.expected(table).is_none());
        let unknown: Vec<String> = unknown.collect();
        let mut counts = Counts::new();
        for table in unknown {
            let rows = count_of(&mut self.session, &self.staging, &table)?;
            counts.insert(table, rows);
        }
        Ok(counts)
    }
}

/// How the session reads text now.
fn mode_of(session: &mut Session) -> Result<Mode, Error> {
    let mode = session.first::<String>("reading the SQL mode", "SELECT @@sql_mode")?;
    Ok(Mode::of(&mode.unwrap_or_default()))
}

fn packet_bytes_max(session: &mut Session) -> Result<u64, Error> {
    let bytes = session.first::<u64>("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
    Ok(bytes.unwrap_or(u64::MAX))
}

fn count_of(session: &mut Session, database: &str, table: &str) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) FROM {}", qualified(database, table));
    Ok(session.first::<u64>(&format!("counting {table}"), &sql)?.unwrap_or(0))
}
