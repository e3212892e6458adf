//! Reads a file before a row of it is loaded, so that what would stop the load halfway stops it here.
//!
//! In: a [`PlainFile`], a session of the target's server. Out: [`Ahead`], the rights that the statements need and what the server
//! would refuse; or the error with which the load would end. No statement of the file is run. A value that only the server knows,
//! such as an SQL mode that the file puts together, ends the reading: what follows is known only when it is loaded.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{PlainFile, fail};
use super::judge::{Judge, StatementVerdict};
use super::reading::ForeignStatement;
use super::settings::{self, Modes};
use super::walk::{Walker, walk};
use crate::house::House;
use crate::mysql::{Session, number};
use crate::restore::error::Error;
use crate::restore::guard::ready::Right;
use crate::restore::guard::{collations_in, does_not_know};
use crate::restore::target::DevTarget;
use crate::sql::{Mode, read_by_all};

/// Number of names in a message.
const NAMES_MAX: usize = 10;

/// Number of the server's error about a table without a primary key, where it wants one in each.
const NO_KEY: u16 = 3750;

/// What a file needs on the server, and what the server would refuse.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    rights: BTreeSet<Right>,
    makes_functions: bool,
    misfits: Misfits,
}

/// What the server would refuse. Names come with the line of the first statement that has one of them.
#[derive(Debug, Default)]
struct Misfits {
    /// Bytes of the longest statement, if that is longer than the server takes; and the bytes that the server takes.
    packet: Option<(u64, u64)>,
    /// Names of tables without a primary key, where the server wants one in each.
    keyless: Option<(u64, Vec<String>)>,
    collations: Option<(u64, Vec<String>)>,
}

impl PlainFile {
    /// Reads the file ahead. `session` is on the target's server: settings and collations are read there.
    pub(crate) fn ahead(
        &self,
        house: &House,
        target: &DevTarget,
        session: &mut Session,
    ) -> Result<Ahead, Error> {
        let header = self.database.as_deref();
        let judge = Judge::new(&target.database, header, self.chosen.clone(), session.engine(), Vec::new())
            .ignoring_case(session.ignores_case());
        let mode = session.first::<String>("reading the SQL mode", "SELECT @@GLOBAL.sql_mode")?;
        let allowed = session.first::<u64>("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
        let mut looking = Looking {
            file: self,
            judge,
            modes: Modes::new(Mode::of(&mode.unwrap_or_default())),
            packet_bytes_max: allowed.unwrap_or(u64::MAX),
            wants_keys: wants_keys(session)?,
            collations: BTreeMap::new(),
            ahead: Ahead::default(),
        };
        walk(self, house, "reading ahead", &mut looking)?;
        if let Some(problem) = looking.judge.missed().filter(|_| looking.goes_on()) {
            return Err(fail(&self.path, 0, problem));
        }
        let Looking { mut ahead, collations, .. } = looking;
        for (collation, line) in collations {
            if does_not_know(session, &collation)? {
                let (first, unknown) = ahead.misfits.collations.get_or_insert((line, Vec::new()));
                *first = line.min(*first);
                unknown.push(collation);
            }
        }
        Ok(ahead)
    }

    /// The errors for what the server would refuse.
    pub(crate) fn misfits(&self, ahead: &Ahead) -> Vec<Error> {
        let Misfits { packet, keyless, collations } = &ahead.misfits;
        let packet = packet.map(|(needed, allowed)| Error::Packet { needed, allowed });
        let of = |found: &Option<(u64, Vec<String>)>, number: u16, what: &str| {
            let (line, names) = found.as_ref()?;
            let more = if names.len() > NAMES_MAX { " and others" } else { "" };
            let names = names[..names.len().min(NAMES_MAX)].join(", ");
            let problem = format!("{what} {names}{more} ({number})");
            Some(Error::Foreseen { path: self.path.clone(), line: *line, problem, number })
        };
        let collations = of(collations, number::UNKNOWN_COLLATION, "the server does not know the collation");
        let keyless =
            of(keyless, NO_KEY, "the server wants a primary key in every table, and there is none in");
        [packet, collations, keyless].into_iter().flatten().collect()
    }
}

impl Ahead {
    /// The rights that the loader needs in the staging database.
    pub(crate) fn to_load(&self) -> BTreeSet<Right> {
        let always = [Right::Create, Right::Insert, Right::Select, Right::Drop];
        always.into_iter().chain(self.rights.iter().copied()).collect()
    }

    /// The rights that the swapper needs in the database in use, where it makes views, routines, triggers and events.
    pub(crate) fn to_swap(&self) -> BTreeSet<Right> {
        let tables = [Right::Create, Right::Insert, Right::Alter, Right::Drop];
        let objects = self.rights.iter().copied().filter(|right| right.is_of_objects());
        tables.into_iter().chain(objects).collect()
    }

    /// True if the file makes a function or a trigger.
    pub(crate) fn makes_functions(&self) -> bool {
        self.makes_functions
    }
}

/// The state of reading ahead, statement by statement.
struct Looking<'a> {
    file: &'a PlainFile,
    judge: Judge,
    modes: Modes,
    packet_bytes_max: u64,
    wants_keys: bool,
    /// The collations that the file names, each with the line that names it first.
    collations: BTreeMap<String, u64>,
    ahead: Ahead,
}

impl Walker for Looking<'_> {
    fn mode(&self) -> Mode {
        self.modes.current()
    }

    fn goes_on(&self) -> bool {
        self.modes.are_certain()
    }

    fn one(&mut self, line: u64, sql: &[u8]) -> Result<Option<usize>, Error> {
        let reading = ForeignStatement::of(sql, self.mode());
        let refuse = |problem: String| fail(&self.file.path, line, problem);
        let edits = match self.judge.judge(&reading).map_err(refuse)? {
            StatementVerdict::Skip | StatementVerdict::LeftOut | StatementVerdict::Collation(_) => {
                return Ok(None);
            }
            StatementVerdict::Split(at) => return Ok(Some(at)),
            StatementVerdict::Run(edits) | StatementVerdict::Event(edits, _) => edits,
        };
        if sql.len() as u64 >= self.packet_bytes_max {
            let needed = reading.spliced(edits).len() as u64 + 1;
            let longest = self.ahead.misfits.packet.map_or(0, |(longest, _)| longest);
            if needed > self.packet_bytes_max.max(longest) {
                self.ahead.misfits.packet = Some((needed, self.packet_bytes_max));
            }
        }
        if reading.is(0, "SET") {
            self.modes.follow(&reading);
            // A file that sets this variable itself is expected to have such tables.
            self.wants_keys &= !settings::is_about(&reading, "SQL_REQUIRE_PRIMARY_KEY");
        }
        self.note(line, &reading);
        Ok(None)
    }
}

impl Looking<'_> {
    fn note(&mut self, line: u64, reading: &ForeignStatement<'_>) {
        let is_in_mark = reading.code.first().is_some_and(|first| first.place.start > 0);
        if is_in_mark && read_by_all(&reading.text, reading.mode).is_empty() {
            return;
        }
        let made = reading.created();
        let kind = made.as_ref().map_or("", |(_, kind)| kind.as_str());
        self.ahead.makes_functions |= ["FUNCTION", "TRIGGER"].contains(&kind);
        self.ahead.rights.extend(rights(reading, made.as_ref()));
        if let Some((at, _)) = made.as_ref().filter(|_| self.wants_keys && kind == "TABLE")
            && is_keyless(reading, *at)
            && let Some((table, _)) = reading.object(reading.behind_if(at + 1))
        {
            let (_, tables) = self.ahead.misfits.keyless.get_or_insert((line, Vec::new()));
            if tables.len() <= NAMES_MAX {
                tables.push(table.into_owned());
            }
        }
        if reading.is_any(0, &["CREATE", "ALTER"]) {
            let text = &*reading.text;
            for collation in collations_in(text, &read_by_all(text, reading.mode)) {
                self.collations.entry(collation.to_lowercase()).or_insert(line);
            }
        }
    }
}

/// The rights that a statement needs.
fn rights(reading: &ForeignStatement<'_>, made: Option<&(usize, String)>) -> Vec<Right> {
    let has = |word: &str| reading.code.iter().any(|token| token.is_word(&*reading.text, word));
    let with_parents = |mut rights: Vec<Right>| {
        rights.extend(has("REFERENCES").then_some(Right::References));
        rights
    };
    if let Some((at, kind)) = made {
        let is_temporary = (1..*at).any(|at| reading.is(at, "TEMPORARY"));
        return match kind.as_str() {
            "TABLE" if is_temporary => vec![Right::CreateTemporary],
            "TABLE" | "SEQUENCE" => with_parents(vec![Right::Create]),
            "VIEW" => vec![Right::CreateView],
            "TRIGGER" => vec![Right::Trigger],
            // ALTER ROUTINE too: without a definer, routines are altered to SQL SECURITY INVOKER after the load.
            "PROCEDURE" | "FUNCTION" | "PACKAGE" => vec![Right::CreateRoutine, Right::AlterRoutine],
            "EVENT" => vec![Right::Event],
            "INDEX" => vec![Right::Index],
            _ => Vec::new(),
        };
    }
    let is = |word: &str| reading.is(0, word);
    let thing = |word: &str| (1..4).any(|at| reading.is(at, word));
    match () {
        () if is("ALTER") && thing("TABLE") => with_parents(vec![Right::Alter, Right::Create, Right::Insert]),
        () if is("DROP") && thing("INDEX") => vec![Right::Index],
        () if is("DROP") && thing("TRIGGER") => vec![Right::Trigger],
        () if is("DROP") && thing("EVENT") => vec![Right::Event],
        () if is("DROP") && (thing("PROCEDURE") || thing("FUNCTION")) => vec![Right::AlterRoutine],
        () if is("REPLACE") => vec![Right::Insert, Right::Delete],
        () if is("UPDATE") => vec![Right::Select, Right::Update],
        () if is("DELETE") => vec![Right::Select, Right::Delete],
        () if is("LOCK") && (thing("TABLE") || thing("TABLES")) => vec![Right::LockTables],
        () => Vec::new(),
    }
}

/// True if the table of a CREATE TABLE certainly gets no primary key. A column's `KEY` alone is a primary key too.
fn is_keyless(reading: &ForeignStatement<'_>, at: usize) -> bool {
    let opens = (at..reading.code.len()).find(|at| reading.is_symbol(*at, b'('));
    let is_query = |at: usize| reading.is_any(at, &["LIKE", "SELECT", "AS"]);
    let Some(opens) = opens.filter(|opens| !(at..*opens + 2).any(is_query)) else { return false };
    let is_temporary = (1..at).any(|at| reading.is(at, "TEMPORARY"));
    let says_key = |at: usize| {
        let is_another = reading.is_any(at - 1, &["UNIQUE", "FOREIGN", "FULLTEXT", "SPATIAL"])
            || reading.is_symbol(at - 1, b',')
            || reading.is_symbol(at - 1, b'(');
        reading.is(at, "PRIMARY") || reading.is(at, "KEY") && !is_another
    };
    !is_temporary && !(opens..reading.code.len()).any(says_key)
}

/// True if the server refuses tables without a primary key, and does not add one itself.
fn wants_keys(session: &mut Session) -> Result<bool, Error> {
    let mut is_on = |variable: &str| {
        let sql = format!("SHOW GLOBAL VARIABLES LIKE '{variable}'");
        let found = session.first::<(String, String)>("asking whether tables need a key", &sql)?;
        Ok::<_, Error>(found.is_some_and(|(_, value)| value == "ON"))
    };
    Ok(is_on("sql_require_primary_key")? && !is_on("sql_generate_invisible_primary_key")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(sql: &str) -> ForeignStatement<'_> {
        ForeignStatement::of(sql.as_bytes(), Mode::default())
    }

    #[test]
    fn each_statement_takes_what_the_server_would_ask_for() {
        for (sql, taken) in [
            ("CREATE TABLE t (a INT REFERENCES u (a))", &[Right::Create, Right::References][..]),
            ("CREATE TEMPORARY TABLE IF NOT EXISTS t (a INT)", &[Right::CreateTemporary]),
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */",
                &[Right::Trigger],
            ),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", &[Right::CreateView]),
            ("CREATE FUNCTION f() RETURNS INT RETURN 1", &[Right::CreateRoutine, Right::AlterRoutine]),
            (
                "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)",
                &[Right::Alter, Right::Create, Right::Insert, Right::References],
            ),
            ("REPLACE INTO t VALUES (1)", &[Right::Insert, Right::Delete]),
            ("/*!40000 ALTER TABLE `t` DISABLE KEYS */", &[Right::Alter, Right::Create, Right::Insert]),
            ("LOCK TABLES t WRITE", &[Right::LockTables]),
            ("DROP PROCEDURE IF EXISTS p", &[Right::AlterRoutine]),
            ("INSERT INTO t VALUES (1)", &[]),
        ] {
            let reading = reading(sql);
            assert_eq!(rights(&reading, reading.created().as_ref()), taken, "{sql}");
        }
    }

    #[test]
    fn a_table_is_without_a_key_only_if_nothing_in_it_can_be_one() {
        let keyless = |sql: &str| {
            let reading = reading(sql);
            is_keyless(&reading, reading.created().unwrap().0)
        };
        for sql in ["CREATE TABLE t (a INT)", "CREATE TABLE t (a INT UNIQUE KEY, KEY k (a), UNIQUE KEY (a))"]
        {
            assert!(keyless(sql), "{sql}");
        }
        for sql in [
            "CREATE TABLE t (a INT PRIMARY KEY)",
            "CREATE TABLE t (a INT KEY)",
            "CREATE TABLE t (a INT, CONSTRAINT PRIMARY KEY (a))",
            "CREATE TABLE t LIKE u",
            "CREATE TABLE t (LIKE u)",
            "CREATE TABLE t AS SELECT 1 AS a",
            "CREATE TABLE t AS (SELECT 1)",
            "CREATE TEMPORARY TABLE t (a INT)",
        ] {
            assert!(!keyless(sql), "{sql}");
        }
    }
}
