//! Runs a file, statement by statement, and compares the rows that are there with those that were written.
//!
//! In: a [`PlainFile`], an empty database, the loader's login. Out: its tables, counted over a new connection, so that rows that
//! were not committed do not count. The server's warnings are shown.

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
use crate::restore::load::table_filter::TableFilter;
use crate::restore::swap::objects;
use crate::restore::swap::state;
use crate::restore::target::DevTarget;
use crate::sql::{Mode, name, qualified};

/// Number of left-out statements that are shown; the rest are counted.
const TOLD_MAX: usize = 5;

/// Rows of each table, as the session that wrote them counts them before its end.
type Counts = BTreeMap<String, u64>;

/// The state of a load, statement by statement.
struct ForeignLoad<'a> {
    file: &'a PlainFile,
    session: Session,
    staging: String,
    judge: Judge,
    tally: RowTally,
    mode: Mode,
    /// Bytes of the longest statement that the server takes.
    packet_bytes_max: u64,
    /// True between LOCK TABLES and UNLOCK TABLES.
    locked: bool,
    open: Open,
    awake: BTreeSet<String>,
    /// Number of statements that were left out, and the first of them.
    left_out: (usize, Vec<String>),
    /// Line and options of the first collation that this server does not know.
    gave_way: Option<String>,
    warnings: Warnings,
}

impl PlainFile {
    /// Loads the file into the staging database and counts the rows. `others` are the databases that no statement may name; none
    /// if the loader is fenced.
    pub(crate) fn load(
        &self,
        house: &House,
        target: &DevTarget,
        server: &Server,
        others: Vec<String>,
    ) -> Result<Vec<TableDigest>, Error> {
        let mut session = server.connect_to(Some(&target.staging()))?;
        // As with the stock client, the server's own time zone and SQL mode hold until the file sets others.
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

    /// Removes the rows of the tables that `include` and `exclude` leave out, after the load: the statements of the file may need
    /// them. Says which.
    pub(crate) fn empty(
        &self,
        house: &House,
        server: &Server,
        staging: &str,
        tables: &mut [TableDigest],
        choice: &TableFilter,
    ) -> Result<(), Error> {
        let mut session = server.connect_to(Some(staging))?;
        let sequences = objects::sequences(&mut session, staging)?;
        // Rows of other tables may refer to these; in a dump of ours they may, too.
        session.run("switching foreign keys off", "SET SESSION foreign_key_checks = 0")?;
        let mut emptied = Vec::new();
        for one in tables {
            if one.rows == 0 || !choice.empties(&one.table) || sequences.contains(&one.table) {
                continue;
            }
            let sql = format!("TRUNCATE TABLE {}", qualified(staging, &one.table));
            session.run(&format!("emptying {}", one.table), &sql)?;
            one.rows = 0;
            emptied.push(one.table.as_str());
        }
        if !emptied.is_empty() {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            house.progress.warn(&format!("{name}: without the rows of {}", emptied.join(", ")));
        }
        Ok(())
    }

    /// Counts the rows after the end of the session that wrote them. Fails if a table has another number of rows than was
    /// written.
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
    /// Converts a name of the file to UTF-8, as the server does: from the session's character set.
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

    /// Notes what a statement changes for those after it: SQL mode, locks, events that are disabled.
    fn remember(&mut self, reading: &ForeignStatement<'_>) -> Result<(), Error> {
        if reading.is(0, "SET") && settings::changes_mode(reading) {
            self.mode = mode_of(&mut self.session)?;
        }
        if reading.is_any(0, &["LOCK", "UNLOCK"]) && reading.is_any(1, &["TABLE", "TABLES"]) {
            self.locked = reading.is(0, "LOCK");
        }
        // ALTER EVENT e DISABLE: the event stays disabled.
        let event = (1..8).find(|at| reading.is(0, "ALTER") && reading.is(*at, "EVENT"));
        if let Some((_, behind)) = event.and_then(|at| reading.object(at + 1))
            && reading.code.iter().any(|token| token.is_word(&*reading.text, "DISABLE"))
        {
            let name = self.server_name(&reading.raw_name(behind - 1))?;
            self.awake.remove(&name);
        }
        Ok(())
    }

    /// Sets character set and collation of the database. A collation that this server does not know is left out: the character
    /// set's default then holds.
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

    /// Reads from the server the text that a PREPARE or EXECUTE IMMEDIATE takes. Fails if that text would reach another database.
    /// Called only if the loader is not fenced.
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

    /// Ends the file. Fails if an open transaction has written rows: they would be lost with the session, as with the stock
    /// client.
    fn end(&mut self, house: &House) -> Result<(), Error> {
        // The server refuses this statement within a transaction; otherwise it changes nothing that matters here.
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
        // From here on this tool's own queries run: settings of the file must not change their results.
        for setting in ["NAMES utf8mb4", "sql_mode = ''", "sql_select_limit = DEFAULT"] {
            self.session.run("setting up the connection again", &format!("SET {setting}"))?;
        }
        self.tell(house);
        Ok(())
    }

    /// Shows the warnings of a load that succeeded.
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

    /// Counts the tables whose number of rows the tally does not know, in the session that wrote them.
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

/// The SQL mode of the session, which decides how text is read.
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
