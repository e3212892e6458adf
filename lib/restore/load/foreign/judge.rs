//! Decides what is done with each statement of a file.
//!
//! In: one statement after the other. Out: the statement runs, perhaps without its definer and its own database's name; it is
//! about the server, and is left out; it is about a database, and only its character set and collation count; or the file is
//! refused. This is there to load a correct file whole. It is no protection: that is the loader's lack of rights.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::events::{self, EventHeader};
use super::names::own_qualifiers;
use super::reading::{ForeignStatement, TOKENS_MAX};
use super::settings::{self, Setting};
use crate::migrate::leaves;
use crate::mysql::Engine;
use crate::sql::{Mode, Token, TokenKind, definer_in, pieces};

/// Places in a statement, each with the bytes that replace it.
type Edits<'a> = Vec<(Range<usize>, Cow<'a, [u8]>)>;

/// What is done with a statement.
#[derive(Debug)]
pub(super) enum StatementVerdict {
    /// The statement is not run, without a warning.
    Skip,
    /// The statement is about the server, not about the data: it is not run, with a warning.
    LeftOut,
    /// `USE prod` without a semicolon: the client ends it with its line. A new statement begins at this byte.
    Split(usize),
    /// The database that is loaded gets this character set and collation.
    Collation(String),
    /// The statement runs, with these edits.
    Run(Edits<'static>),
    /// The statement runs with these edits, and makes a disabled event.
    Event(Edits<'static>, EventHeader),
}

/// The databases that the statements so far have named, and the one that is loaded.
#[derive(Debug)]
pub(super) struct Judge {
    /// Names that stand for the database that is loaded: the one that the file was made from, and the target's.
    own: BTreeSet<String>,
    /// Name of the database that `--database` chooses.
    chosen: Option<String>,
    /// The database of the last USE.
    current: Option<String>,
    /// The first databases that the file names with USE or CREATE DATABASE, in order.
    seen: Vec<String>,
    /// True if the chosen database is among all that the file names.
    met_chosen: bool,
    engine: Engine,
    /// Databases that no statement may name. Empty if the loader is fenced: then the server refuses such statements.
    others: Vec<String>,
    /// True if names that differ only in case are the same to the server.
    ignores_case: bool,
}

/// Number of a file's databases that a message names.
const SEEN_MAX: usize = 20;

/// A statement with rows that is shorter than this many bytes is also judged as a whole: this is exact, but slow.
const ROWS_BYTES_MAX: usize = 1 << 20;

const ELSEWHERE: &str = "this would leave the database that is being loaded";

impl Judge {
    /// `target` is the target's database, `header` the database in mysqldump's head, `others` databases that no statement may
    /// name. With a chosen database the head does not count.
    pub(super) fn new(
        target: &str,
        header: Option<&str>,
        chosen: Option<String>,
        engine: Engine,
        others: Vec<String>,
    ) -> Self {
        let header = header.filter(|_| chosen.is_none()).map(str::to_owned);
        let own = [target.to_owned()].into_iter().chain(header.clone()).chain(chosen.clone()).collect();
        let seen = header.into_iter().collect();
        Self { own, chosen, current: None, seen, met_chosen: false, engine, others, ignores_case: false }
    }

    /// Sets whether the server ignores the case of names.
    pub(super) fn ignoring_case(self, ignores_case: bool) -> Self {
        Self { ignores_case, ..self }
    }

    fn is_same(&self, one: &str, other: &str) -> bool {
        one == other || self.ignores_case && one.to_lowercase() == other.to_lowercase()
    }

    /// Decides what is done with a statement. Fails with the reason why the file cannot be loaded.
    pub(super) fn judge(&mut self, reading: &ForeignStatement<'_>) -> Result<StatementVerdict, String> {
        let Some(first) = reading.code.first() else { return Ok(StatementVerdict::Skip) };
        if first.is(b'\\') || reading.is(0, "SYSTEM") && !reading.is(1, "VERSIONING") {
            return Err(format!("{}: this is a command of the mysql client, not SQL", reading.beginning()));
        }
        if reading.is(0, "SOURCE") {
            return Err(format!("{}: this reads another file: put what it holds here", reading.beginning()));
        }
        if reading.is(0, "USE") {
            return self.turn(reading);
        }
        if reading.too_long && (self.is_wanted() || reading.is(0, "SET")) {
            return Err(format!(
                "{}: this has more than {TOKENS_MAX} words and symbols, and is no INSERT … VALUES: make several statements of it",
                reading.beginning()
            ));
        }
        match () {
            () if reading.is(0, "SET") => return self.set(reading),
            () if is_about_database(reading).is_some() => return self.database(reading),
            () => {}
        }
        if !self.is_wanted() {
            return Ok(StatementVerdict::Skip);
        }
        if is_about_server(reading) {
            return Ok(StatementVerdict::LeftOut);
        }
        if reading.is(0, "LOAD") && (1..6).any(|at| reading.is(at, "LOCAL")) {
            return Err(
                "LOAD DATA LOCAL reads a file of this host: the rows must be in the dump itself".to_owned()
            );
        }
        let edits = self.run(reading);
        self.refuse_elsewhere(reading, &edits)?;
        match reading.created() {
            Some((at, kind)) if kind == "EVENT" => Ok(match events::event(reading, at) {
                Some(event) => {
                    let sleep = (event.sleep.0.clone(), Cow::Borrowed(event.sleep.1.as_bytes()));
                    StatementVerdict::Event([edits, vec![sleep]].concat(), event)
                }
                None => StatementVerdict::Run(edits),
            }),
            _ => Ok(StatementVerdict::Run(edits)),
        }
    }

    /// True if a text that PREPARE takes would reach another database.
    pub(super) fn leaves_when_prepared(&self, text: &str) -> bool {
        leaves(text, &self.others)
    }

    /// True if the loader is not fenced, so that only this search of the text keeps statements out of other databases.
    pub(super) fn is_only_guard(&self) -> bool {
        !self.others.is_empty()
    }

    /// Returns a problem if the file names databases, and the chosen one is not among them.
    pub(super) fn missed(&self) -> Option<String> {
        let chosen = self.chosen.as_ref()?;
        let none = !self.seen.is_empty() && !self.met_chosen;
        none.then(|| format!("it holds {}, and none of them is named {chosen}", self.seen.join(", ")))
    }

    /// Fails if a statement names another database, where the loader is not fenced. The database in use counts as another one:
    /// where the edits have not taken its name away, the statement would reach it.
    fn refuse_elsewhere(&self, reading: &ForeignStatement<'_>, edits: &Edits<'_>) -> Result<(), String> {
        if self.others.is_empty() {
            return Ok(());
        }
        let text = reading.spliced(edits.clone());
        let (head, rows) = text.split_at(text.len() - reading.rows().len());
        let leaves = |text: &[u8]| leaves(&String::from_utf8_lossy(text), &self.others);
        // `leaves` takes backslashes for escapes. It judges the whole text only if the SQL mode does so too.
        let is_usual = reading.mode != reading.mode.without_backslash_escapes();
        let in_rows = || {
            qualifies(rows, reading.mode, &self.others)
                && !(is_usual && text.len() < ROWS_BYTES_MAX && !leaves(&text))
        };
        let elsewhere = leaves(head) || in_rows() || !is_usual && qualifies(head, reading.mode, &self.others);
        if elsewhere { Err(ELSEWHERE.to_owned()) } else { Ok(()) }
    }

    /// Notes that the file names a database as its own. Fails for a second one if none is chosen: two are not loaded into one.
    fn meet(&mut self, name: &str) -> Result<(), String> {
        self.met_chosen |= self.chosen.as_deref().is_some_and(|chosen| self.is_same(chosen, name));
        if self.seen.len() < SEEN_MAX && !self.seen.iter().any(|seen| self.is_same(seen, name)) {
            self.seen.push(name.to_owned());
        }
        if self.chosen.is_some() {
            return Ok(());
        }
        if self.seen.len() > 1 {
            return Err(format!(
                "it holds several databases ({}): choose one with --database",
                self.seen.join(", ")
            ));
        }
        self.own.insert(name.to_owned());
        Ok(())
    }

    /// True if the statements after the last USE belong to the database that is loaded.
    fn is_wanted(&self) -> bool {
        match (&self.current, &self.chosen) {
            (Some(current), Some(chosen)) => self.is_same(current, chosen),
            _ => true,
        }
    }

    /// Judges a `USE`: notes which database the statements behind it are for.
    fn turn(&mut self, reading: &ForeignStatement<'_>) -> Result<StatementVerdict, String> {
        let Some(name) = reading.name(1) else { return Err("USE names no database".to_owned()) };
        let name = name.into_owned();
        self.meet(&name)?;
        self.current = Some(name);
        Ok(match reading.code.get(2) {
            Some(next) => StatementVerdict::Split(next.place.start),
            None => StatementVerdict::Skip,
        })
    }

    fn set(&self, reading: &ForeignStatement<'_>) -> Result<StatementVerdict, String> {
        Ok(match settings::setting(reading, self.engine)? {
            // A value may name a table of the file's own database: SET @n = (SELECT MAX(id) FROM prod.t)
            Setting::Run(edits) => {
                let edits = [settings::as_bytes(edits), self.run(reading)].concat();
                self.refuse_elsewhere(reading, &edits)?;
                StatementVerdict::Run(edits)
            }
            Setting::LeftOut => StatementVerdict::Skip,
        })
    }

    /// Judges `CREATE DATABASE prod CHARACTER SET latin1` and the like: only character set and collation count, and only for the
    /// database that is loaded.
    fn database(&mut self, reading: &ForeignStatement<'_>) -> Result<StatementVerdict, String> {
        let Some(at) = is_about_database(reading).filter(|_| !reading.is(0, "DROP")) else {
            return Ok(StatementVerdict::Skip);
        };
        let at = reading.behind_if(at + 1);
        let options = ["CHARACTER", "CHARSET", "COLLATE", "DEFAULT"];
        // ALTER DATABASE may leave the name out.
        let named = reading.name(at).filter(|_| !(reading.is(0, "ALTER") && reading.is_any(at, &options)));
        let database = named.map(Cow::into_owned);
        if let (Some(name), None) = (&database, &self.chosen) {
            self.meet(name)?;
        }
        let database = database.or_else(|| self.current.clone());
        let wanted = match (&self.chosen, &database) {
            (Some(chosen), Some(database)) => self.is_same(chosen, database),
            _ => true,
        };
        let said = options_of(reading, at);
        Ok(if wanted && !said.is_empty() {
            StatementVerdict::Collation(said)
        } else {
            StatementVerdict::Skip
        })
    }

    /// Makes the edits of a statement that runs: its definer and the name of its own database are taken away.
    fn run(&self, reading: &ForeignStatement<'_>) -> Edits<'static> {
        let mut edits: Edits<'static> =
            own_qualifiers(reading, |name| self.own.iter().any(|own| self.is_same(own, name)))
                .into_iter()
                .map(|place| (place, Cow::Borrowed(&b""[..])))
                .collect();
        // The definers of the source have no account here, so an object with one could not run.
        let definer = reading.is(0, "CREATE").then(|| definer_in(&reading.text, reading.mode)).flatten();
        edits.extend(definer.map(|clause| (clause.place, Cow::Borrowed(&b""[..]))));
        edits
    }
}

/// True if the name of one of `others` stands before a dot anywhere. Simpler than `leaves`, because rows are long.
fn qualifies(sql: &[u8], mode: Mode, others: &[String]) -> bool {
    let names_one = |token: &Token| {
        let text = String::from_utf8_lossy(&sql[token.place.clone()]);
        let alone = Token { kind: token.kind, place: 0..text.len() };
        let name = alone.possible_name(&text);
        name.is_some_and(|name| others.iter().any(|other| other.eq_ignore_ascii_case(&name)))
    };
    let mut before: Option<Token> = None;
    for token in pieces(sql, mode).filter(Token::is_code) {
        if token.is(b'.') && before.as_ref().is_some_and(names_one) {
            return true;
        }
        before = Some(token);
    }
    false
}

/// Position of the word DATABASE (or SCHEMA) in a CREATE, ALTER or DROP of one.
fn is_about_database(reading: &ForeignStatement<'_>) -> Option<usize> {
    if !reading.is_any(0, &["CREATE", "ALTER", "DROP"]) {
        return None;
    }
    let at = if reading.is(1, "OR") && reading.is(2, "REPLACE") { 3 } else { 1 };
    reading.is_any(at, &["DATABASE", "SCHEMA"]).then_some(at)
}

/// The options from `at` on, as `CHARACTER SET latin1 COLLATE latin1_bin`.
fn options_of(reading: &ForeignStatement<'_>, at: usize) -> String {
    let mut said = Vec::new();
    let value = |mut at: usize| {
        at += usize::from(reading.is_symbol(at, b'='));
        let token = reading.code.get(at)?;
        let word = if token.kind == TokenKind::Text {
            token.text(&reading.text).trim_matches(['\'', '"']).into()
        } else {
            reading.name(at)?
        };
        // Character sets and collations of a server are single words: anything else is dropped, not pasted into SQL.
        let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain.then(|| word.into_owned())
    };
    for at in at..reading.code.len() {
        let found = match () {
            () if reading.is(at, "CHARACTER") && reading.is(at + 1, "SET") => {
                ("CHARACTER SET", value(at + 2))
            }
            () if reading.is(at, "CHARSET") => ("CHARACTER SET", value(at + 1)),
            () if reading.is(at, "COLLATE") => ("COLLATE", value(at + 1)),
            () => continue,
        };
        if let (words, Some(value)) = found {
            said.push(format!("{words} {value}"));
        }
    }
    said.join(" ")
}

/// True if a statement is about accounts, replication or the server itself.
fn is_about_server(reading: &ForeignStatement<'_>) -> bool {
    let things = ["USER", "ROLE", "SERVER", "INSTANCE", "RESOURCE"];
    let made = reading.created().is_some_and(|(_, kind)| ["USER", "ROLE", "SERVER"].contains(&kind.as_str()));
    reading.is_any(
        0,
        &["GRANT", "REVOKE", "FLUSH", "RESET", "PURGE", "CHANGE", "INSTALL", "UNINSTALL", "SHUTDOWN", "KILL"],
    ) || reading.is_any(0, &["START", "STOP"])
        && reading.is_any(1, &["SLAVE", "REPLICA", "GROUP_REPLICATION", "ALL"])
        || reading.is_any(0, &["CREATE", "ALTER", "DROP", "RENAME"]) && reading.is_any(1, &things)
        || made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Mode;

    fn judge(chosen: Option<&str>) -> Judge {
        Judge::new("app", None, chosen.map(str::to_owned), Engine::MariaDb, Vec::new())
    }

    fn elsewhere(judge: &mut Judge, sql: &str, mode: &str) -> bool {
        judge
            .judge(&ForeignStatement::of(sql.as_bytes(), Mode::of(mode)))
            .is_err_and(|problem| problem == ELSEWHERE)
    }

    #[test]
    fn without_a_fence_no_text_reaches_the_database_in_use_whatever_the_file_calls_its_own() {
        let others = vec!["app".to_owned(), "victim".to_owned()];
        let mut judge = Judge::new("app", None, None, Engine::MariaDb, others);
        assert_eq!(said(&mut judge, "USE victim"), "Skip");
        for (sql, runs) in [
            ("DELETE FROM x USING app.t AS x", "DELETE FROM x USING t AS x"),
            (
                "INSERT INTO app.t (id, value) SELECT id, value FROM app.u",
                "INSERT INTO t (id, value) SELECT id, value FROM u",
            ),
            ("INSERT INTO victim.t VALUES ('app.t', 1.5)", "INSERT INTO t VALUES ('app.t', 1.5)"),
            ("INSERT INTO app VALUES (1) ON DUPLICATE KEY UPDATE app.a = 2", ""),
            ("SET @n = (SELECT MAX(id) FROM app.t)", "SET @n = (SELECT MAX(id) FROM t)"),
            ("SELECT app.id FROM t AS app", ""),
        ] {
            assert_eq!(said(&mut judge, sql), if runs.is_empty() { sql } else { runs });
        }
        for sql in [
            "INSERT INTO t VALUES (1, (SELECT MAX(a) + victim.x FROM u))",
            "INSERT INTO t VALUES (1), (\"app\".f)",
            "SET @x = victim.x",
            "SELECT victim.a FROM t",
        ] {
            assert!(elsewhere(&mut judge, sql, ""), "{sql}");
        }
        let sql = "SELECT 'a\\', victim.a, ' FROM t'";
        assert!(elsewhere(&mut judge, sql, "NO_BACKSLASH_ESCAPES") && !elsewhere(&mut judge, sql, ""));
        for prepared in ["DELETE FROM app.users", "UPDATE victim.t SET a = 1", "USE other"] {
            assert!(judge.leaves_when_prepared(prepared), "{prepared}");
        }
    }

    #[test]
    fn two_databases_are_never_loaded_into_one_however_the_file_names_them() {
        let several = "it holds several databases (a, b): choose one with --database";
        let new = |header| Judge::new("app", header, None, Engine::MariaDb, Vec::new());
        for second in ["CREATE DATABASE IF NOT EXISTS b", "USE b", "ALTER DATABASE b CHARACTER SET latin1"] {
            let mut of_header = new(Some("a"));
            assert_eq!(said(&mut of_header, second), several);
            let mut made = new(None);
            assert_eq!(said(&mut made, "CREATE SCHEMA a"), "Skip");
            assert_eq!(said(&mut made, "CREATE DATABASE a CHARACTER SET latin1"), "CHARACTER SET latin1");
            assert_eq!(said(&mut made, second), several);
        }
        let mut many = judge(Some("z"));
        for number in 0..1000 {
            said(&mut many, &format!("USE a{number}"));
        }
        assert!(many.missed().unwrap().ends_with("a19, and none of them is named z"));
        said(&mut many, "USE z");
        assert_eq!(many.missed(), None);
    }

    #[test]
    fn what_is_longer_than_any_statement_is_refused_unless_it_is_rows() {
        let long = format!("SELECT 1{}", ",1".repeat(TOKENS_MAX));
        assert!(said(&mut judge(None), &long).contains("make several statements of it"));
        let mut other = judge(Some("b"));
        said(&mut other, "USE a");
        assert_eq!(said(&mut other, &long), "Skip");
    }

    fn said(judge: &mut Judge, sql: &str) -> String {
        let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
        match judge.judge(&reading) {
            Ok(StatementVerdict::Run(edits) | StatementVerdict::Event(edits, _)) => {
                String::from_utf8(reading.spliced(edits).into_owned()).unwrap()
            }
            Ok(StatementVerdict::Collation(options)) => options,
            Ok(other) => format!("{other:?}"),
            Err(problem) => problem,
        }
    }

    #[test]
    fn use_is_obeyed_in_every_spelling_and_names_are_mapped() {
        let mut judge = judge(None);
        for sql in ["USE `prod`", "use prod", "/*!40000 USE prod */"] {
            assert_eq!(said(&mut judge, sql), "Skip", "{sql}");
        }
        assert_eq!(said(&mut judge, "USE prod\nSELECT 1"), "Split(9)");
        assert_eq!(
            said(&mut judge, "INSERT INTO prod.t SELECT 1 FROM app.u"),
            "INSERT INTO t SELECT 1 FROM u"
        );
        assert_eq!(
            said(&mut judge, "USE x"),
            "it holds several databases (prod, x): choose one with --database"
        );
    }

    #[test]
    fn a_server_without_case_takes_a_name_in_any_for_the_same() {
        let mut judge = judge(None).ignoring_case(true);
        assert_eq!(said(&mut judge, "USE Prod"), "Skip");
        assert_eq!(said(&mut judge, "USE prod"), "Skip");
        assert_eq!(
            said(&mut judge, "INSERT INTO PROD.t SELECT 1 FROM APP.u"),
            "INSERT INTO t SELECT 1 FROM u"
        );
        let mut chosen = self::judge(Some("b")).ignoring_case(true);
        assert_eq!(said(&mut chosen, "USE B"), "Skip");
        assert_eq!(said(&mut chosen, "INSERT INTO t VALUES (1)"), "INSERT INTO t VALUES (1)");
        assert_eq!(chosen.missed(), None);
    }

    #[test]
    fn of_several_databases_one_is_loaded() {
        let mut judge = judge(Some("b"));
        assert_eq!(said(&mut judge, "CREATE DATABASE a CHARACTER SET latin1"), "Skip");
        assert_eq!(said(&mut judge, "USE a"), "Skip");
        assert_eq!(said(&mut judge, "INSERT INTO t VALUES (1)"), "Skip");
        assert_eq!(said(&mut judge, "SET NAMES utf8mb4"), "SET NAMES utf8mb4");
        assert_eq!(judge.missed().unwrap(), "it holds a, and none of them is named b");
        assert_eq!(
            said(&mut judge, "CREATE DATABASE b DEFAULT CHARSET = 'utf8mb4' COLLATE utf8mb4_bin"),
            "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        );
        said(&mut judge, "USE b");
        assert_eq!(said(&mut judge, "INSERT INTO b.t VALUES (1)"), "INSERT INTO t VALUES (1)");
        assert_eq!(judge.missed(), None);
    }

    #[test]
    fn what_is_about_the_server_is_told_apart_from_what_only_sounds_so() {
        let mut judge = judge(None);
        for sql in [
            "GRANT ALL ON *.* TO a",
            "CREATE OR REPLACE USER a",
            "CHANGE MASTER TO x = 1",
            "DROP ROLE r",
            "START SLAVE",
        ] {
            assert_eq!(said(&mut judge, sql), "LeftOut", "{sql}");
        }
        for sql in [
            "CREATE TABLE user (server int)",
            "START TRANSACTION",
            "CREATE DATABASE_x",
            "ALTER TABLE role ADD a int",
        ] {
            assert_eq!(said(&mut judge, sql), sql);
        }
        assert_eq!(said(&mut judge, "ALTER DATABASE CHARACTER SET latin1"), "CHARACTER SET latin1");
        assert!(said(&mut judge, "source x.sql").contains("this reads another file"));
        assert!(said(&mut judge, "\\! id").contains("a command of the mysql client"));
        assert!(said(&mut judge, "LOAD DATA LOCAL INFILE 'x' INTO TABLE t").starts_with("LOAD DATA LOCAL"));
    }
}
