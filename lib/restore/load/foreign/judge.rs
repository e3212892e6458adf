//! What becomes of each statement of a file.
//!
//! In: one statement after the other. Out: it runs, perhaps without a definer and without the name of its database; it is about the server
//! and left out; it is about databases, and only its character set counts; or the file is refused. This keeps a correct file whole; it is
//! no fence: that is the account that runs it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::events::{self, Event};
use super::names::own_qualifiers;
use super::reading::Reading;
use super::settings::{self, Setting};
use crate::migrate::leaves;
use crate::mysql::Engine;
use crate::sql::{Kind, definer_in};

/// Pieces of a statement, and what stands there instead.
type Edits<'a> = Vec<(Range<usize>, Cow<'a, [u8]>)>;

/// What becomes of a statement.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing is done.
    Skip,
    /// It is about the server, not about the data; a person is told.
    LeftOut,
    /// `USE prod` without a semicolon: the client ends it with its line. What is behind it is a statement of its own.
    Split(usize),
    /// The character set and collation of the database that is being loaded.
    Collation(String),
    /// It runs, as it is or otherwise.
    Run(Edits<'static>),
    /// An event is made, asleep.
    Event(Edits<'static>, Event),
}

/// What is known of the file.
#[derive(Debug)]
pub(super) struct Judge {
    /// What the database is called that the file was made from, and that it is loaded for.
    own: BTreeSet<String>,
    /// Which one of several is wanted.
    chosen: Option<String>,
    /// Where the last USE turned to.
    current: Option<String>,
    /// All that it ever turned to, in order.
    seen: Vec<String>,
    engine: Engine,
    /// Databases that a text must not name, where nothing but this keeps it out of them.
    others: Vec<String>,
}

const ELSEWHERE: &str = "this would leave the database that is being loaded";

impl Judge {
    pub(super) fn new(
        own: BTreeSet<String>,
        chosen: Option<String>,
        engine: Engine,
        others: Vec<String>,
    ) -> Self {
        let own = own.into_iter().chain(chosen.clone()).collect();
        Self { own, chosen, current: None, seen: Vec::new(), engine, others }
    }

    /// Decides, or says why the file cannot be loaded.
    pub(super) fn judge(&mut self, reading: &Reading<'_>) -> Result<Verdict, String> {
        let Some(first) = reading.code.first() else { return Ok(Verdict::Skip) };
        if first.is(b'\\') || reading.is(0, "SYSTEM") && !reading.is(1, "VERSIONING") {
            return Err(format!("{}: this is a command of the mysql client, not SQL", reading.beginning()));
        }
        if reading.is(0, "SOURCE") {
            return Err(format!("{}: this reads another file: put what it holds here", reading.beginning()));
        }
        match () {
            () if reading.is(0, "USE") => return self.turn(reading),
            () if reading.is(0, "SET") => return self.set(reading),
            () if is_about_database(reading).is_some() => return Ok(self.database(reading)),
            () => {}
        }
        if !self.is_wanted() {
            return Ok(Verdict::Skip);
        }
        if is_about_server(reading) {
            return Ok(Verdict::LeftOut);
        }
        if reading.is(0, "LOAD") && (1..6).any(|at| reading.is(at, "LOCAL")) {
            return Err(
                "LOAD DATA LOCAL reads a file of this host: the rows must be in the dump itself".to_owned()
            );
        }
        let edits = self.run(reading);
        if !self.others.is_empty() {
            let text = reading.spliced(edits.clone());
            // Rows name nothing.
            let text = &text[..text.len().min(reading.text.len())];
            if leaves(&String::from_utf8_lossy(text), &self.foreign_names()) {
                return Err(ELSEWHERE.to_owned());
            }
        }
        match reading.created() {
            Some((at, kind)) if kind == "EVENT" => Ok(match events::event(reading, at) {
                Some(event) => {
                    let sleep = (event.sleep.0.clone(), Cow::Borrowed(event.sleep.1.as_bytes()));
                    Verdict::Event([edits, vec![sleep]].concat(), event)
                }
                None => Verdict::Run(edits),
            }),
            _ => Ok(Verdict::Run(edits)),
        }
    }

    /// Whether a text that is prepared would leave, where nothing but this keeps it.
    pub(super) fn leaves_when_prepared(&self, text: &str) -> bool {
        leaves(text, &self.foreign_names())
    }

    /// Whether a text guard is all there is.
    pub(super) fn is_only_guard(&self) -> bool {
        !self.others.is_empty()
    }

    /// What is wrong with the file as a whole.
    pub(super) fn missed(&self) -> Option<String> {
        let chosen = self.chosen.as_ref()?;
        let none = !self.seen.is_empty() && !self.seen.contains(chosen);
        none.then(|| format!("it holds {}, and none of them is named {chosen}", self.seen.join(", ")))
    }

    fn foreign_names(&self) -> Vec<String> {
        self.others.iter().filter(|other| !self.own.contains(*other)).cloned().collect()
    }

    /// Whether what comes belongs to the database that is wanted.
    fn is_wanted(&self) -> bool {
        match (&self.current, &self.chosen) {
            (Some(current), Some(chosen)) => current == chosen,
            _ => true,
        }
    }

    /// `USE prod`.
    fn turn(&mut self, reading: &Reading<'_>) -> Result<Verdict, String> {
        let Some(name) = reading.name(1) else { return Err("USE names no database".to_owned()) };
        let name = name.into_owned();
        if !self.seen.contains(&name) {
            self.seen.push(name.clone());
        }
        if self.chosen.is_none() {
            if self.seen.len() > 1 {
                return Err(format!(
                    "it holds several databases ({}): choose one with --database",
                    self.seen.join(", ")
                ));
            }
            self.own.insert(name.clone());
        }
        self.current = Some(name);
        Ok(match reading.code.get(2) {
            Some(next) => Verdict::Split(next.place.start),
            None => Verdict::Skip,
        })
    }

    fn set(&self, reading: &Reading<'_>) -> Result<Verdict, String> {
        Ok(match settings::setting(reading, self.engine)? {
            Setting::Run(edits) => Verdict::Run(settings::as_bytes(edits)),
            Setting::LeftOut => Verdict::Skip,
        })
    }

    /// `CREATE DATABASE prod CHARACTER SET latin1`: only what it says about characters counts, and only for the one that is wanted.
    fn database(&mut self, reading: &Reading<'_>) -> Verdict {
        let Some(at) = is_about_database(reading).filter(|_| !reading.is(0, "DROP")) else {
            return Verdict::Skip;
        };
        let at = reading.behind_if(at + 1);
        let options = ["CHARACTER", "CHARSET", "COLLATE", "DEFAULT"];
        // ALTER DATABASE may leave the name out.
        let named = reading.name(at).filter(|_| !(reading.is(0, "ALTER") && reading.is_any(at, &options)));
        let database = named.map(Cow::into_owned);
        if let (Some(name), None) = (&database, &self.chosen)
            && reading.is(0, "CREATE")
        {
            self.own.insert(name.clone());
        }
        let database = database.or_else(|| self.current.clone());
        let wanted = match (&self.chosen, &database) {
            (Some(chosen), Some(database)) => chosen == database,
            _ => true,
        };
        let said = options_of(reading, at);
        if wanted && !said.is_empty() { Verdict::Collation(said) } else { Verdict::Skip }
    }

    /// What is different about a statement when it runs: no definer, who is not here, and no name of its own database.
    fn run(&self, reading: &Reading<'_>) -> Edits<'static> {
        let mut edits: Edits<'static> = own_qualifiers(reading, |name| self.own.contains(name))
            .into_iter()
            .map(|place| (place, Cow::Borrowed(&b""[..])))
            .collect();
        // Those who defined things in production are not here, and what they defined would not run.
        let definer = reading.is(0, "CREATE").then(|| definer_in(&reading.text, reading.mode)).flatten();
        edits.extend(definer.map(|clause| (clause.place, Cow::Borrowed(&b""[..]))));
        edits
    }
}

/// Where CREATE, ALTER or DROP says DATABASE.
fn is_about_database(reading: &Reading<'_>) -> Option<usize> {
    if !reading.is_any(0, &["CREATE", "ALTER", "DROP"]) {
        return None;
    }
    let at = if reading.is(1, "OR") && reading.is(2, "REPLACE") { 3 } else { 1 };
    reading.is_any(at, &["DATABASE", "SCHEMA"]).then_some(at)
}

/// `CHARACTER SET latin1 COLLATE latin1_bin` of what stands behind `at`.
fn options_of(reading: &Reading<'_>, at: usize) -> String {
    let mut said = Vec::new();
    let value = |mut at: usize| {
        at += usize::from(reading.is_symbol(at, b'='));
        let token = reading.code.get(at)?;
        let word = if token.kind == Kind::Text {
            token.text(&reading.text).trim_matches(['\'', '"']).into()
        } else {
            reading.name(at)?
        };
        // A name of the server's, never more than a word.
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

/// What is about accounts, replication or the server itself.
fn is_about_server(reading: &Reading<'_>) -> bool {
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
        Judge::new(["app".to_owned()].into(), chosen.map(str::to_owned), Engine::MariaDb, Vec::new())
    }

    fn said(judge: &mut Judge, sql: &str) -> String {
        let reading = Reading::of(sql.as_bytes(), Mode::default());
        match judge.judge(&reading) {
            Ok(Verdict::Run(edits) | Verdict::Event(edits, _)) => {
                String::from_utf8(reading.spliced(edits).into_owned()).unwrap()
            }
            Ok(Verdict::Collation(options)) => options,
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
