//! Readers: further servers that hold the same rows and share the reading.
//!
//! In: a server, the connection that will plan the dump, a [`ReaderMark`]. Out: a [`ReaderPool`] of connections to a server that
//! is proven to show what the writer has, or a sentence that says why it is left out.
//!
//! ```text
//! writer:  a row nobody ever wrote before, the mark      reader: wait until it shows it
//! writer:  LOCK TABLES … READ, another mark              reader: wait until it shows that one too
//! both:    START TRANSACTION WITH CONSISTENT SNAPSHOT    the same rows on both
//! ```
//!
//! Changes come to a reader in the order in which they were made, so one that shows the mark shows all before it; and
//! while the tables are locked, nothing comes after it. Another server never shows the mark.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::session::{apply, check_mask_key, prepare};
use crate::document::chain;
use crate::dump::error::Error;
use crate::dump::job::{Liveness, Selection};
use crate::house::House;
use crate::mysql::{self, Server, Session};
use crate::sql::literal;
use crate::work_schema::{HeldKeys, ReaderMark};

/// Under `LOCK TABLES`, a reader is waited for at most `reader_wait` divided by this: writers wait meanwhile, and the reader was up to
/// date a moment before.
const LOCKED_PART: u32 = 6;

/// The shortest and the longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));

/// What the result of an expression can depend on, but for what every connection of ours sets.
const SETTINGS: &[&str] = &[
    "block_encryption_mode",
    "character_set_connection",
    "collation_connection",
    "default_week_format",
    "div_precision_increment",
    "group_concat_max_len",
    "lc_time_names",
    "max_sort_length",
    "sql_mode",
    "time_zone",
];

/// Why a reader is left out: words for people, or an end of everything.
pub(crate) enum ReaderRejected {
    Because(String),
    Failed(Error),
}

impl From<mysql::Error> for ReaderRejected {
    fn from(error: mysql::Error) -> Self {
        Self::Because(chain(&error))
    }
}

/// What a reader is measured against.
pub(crate) struct ReaderCheck<'a> {
    pub(crate) house: &'a House,
    pub(crate) wish: &'a Selection<'a>,
    pub(crate) place: Liveness,
    /// Statements of the plan.
    pub(crate) settings: &'a [String],
    /// What the plan's masks read.
    pub(crate) keys: Option<&'a HeldKeys>,
    /// How far behind a reader may be.
    pub(crate) patience: Duration,
}

/// The connections to one reader.
#[derive(Debug)]
pub(crate) struct ReaderPool {
    pub(crate) label: String,
    pub(crate) sessions: Vec<Session>,
}

impl ReaderPool {
    /// Connects so many times, and makes sure that it is a reader of the writer.
    pub(crate) fn open(
        measure: &ReaderCheck<'_>,
        (server, size): (&Server, usize),
        (planner, mark): (&mut Session, &ReaderMark),
    ) -> Result<Self, ReaderRejected> {
        let mut team = Self { label: server.label().to_owned(), sessions: Vec::new() };
        for _ in 0..size {
            team.sessions.push(prepare(server).map_err(of_server)?);
        }
        let Some(first) = team.sessions.first_mut() else { return Ok(team) };
        same_version(planner, first)?;
        read_only(first, mark)?;
        if measure.place == Liveness::Live {
            in_order(first)?;
        }
        team.shows(measure.house, mark, measure.patience)?;
        // Only now is the key of the masks certain to be there, and the right one.
        let wanted = settings_of(planner)?;
        for session in &mut team.sessions {
            apply(session, measure.settings, measure.keys).map_err(of_server)?;
            check_mask_key(session, measure.wish).map_err(of_server)?;
            align(session, &wanted)?;
        }
        Ok(team)
    }

    /// Waits until the reader shows the mark.
    fn shows(&mut self, house: &House, mark: &ReaderMark, patience: Duration) -> Result<(), ReaderRejected> {
        let Some(session) = self.sessions.first_mut() else { return Ok(()) };
        let begun = Instant::now();
        let mut pause = PAUSES.0;
        while !mark.shows(session)? {
            if begun.elapsed() >= patience {
                return Err(ReaderRejected::Because(format!(
                    "it does not show what was written {:.0} s ago: it lags, its replication stands still, or it is \
                     no reader of that server",
                    begun.elapsed().as_secs_f64()
                )));
            }
            house.cancel.sleep(pause).map_err(|signal| ReaderRejected::Failed(signal.into()))?;
            pause = (pause * 2).min(PAUSES.1);
        }
        Ok(())
    }

    /// The same under the lock; on a copy, nobody waits for it to go.
    pub(crate) fn still_shows(
        &mut self,
        measure: &ReaderCheck<'_>,
        mark: &ReaderMark,
    ) -> Result<(), ReaderRejected> {
        let patience = match measure.place {
            Liveness::Copy => measure.patience,
            Liveness::Live => measure.patience / LOCKED_PART,
        };
        self.shows(measure.house, mark, patience)
    }
}

/// A server that cannot be talked to is left out; anything else ends the dump.
fn of_server(error: Error) -> ReaderRejected {
    match error {
        Error::Server(error) => error.into(),
        Error::NoMaskKey { .. } => ReaderRejected::Because(error.to_string()),
        other => ReaderRejected::Failed(other),
    }
}

/// Two versions may write one value in two ways.
fn same_version(planner: &Session, reader: &Session) -> Result<(), ReaderRejected> {
    if planner.version() == reader.version() {
        return Ok(());
    }
    Err(ReaderRejected::Because(format!(
        "it is {}, and the writer is {}",
        reader.version(),
        planner.version()
    )))
}

/// A server that takes writes of its own may hold other rows. The writer itself, under another name, is none.
fn read_only(session: &mut Session, mark: &ReaderMark) -> Result<(), ReaderRejected> {
    if mark.is_writer(session)? {
        return Ok(());
    }
    let deed = "asking whether it is a reader";
    let sql = "SELECT CAST(@@GLOBAL.read_only AS CHAR), CAST(@@GLOBAL.innodb_read_only AS CHAR)";
    let said: Option<(String, String)> = session.first(deed, sql)?;
    let off = |value: &str| matches!(value, "0" | "OFF");
    match said {
        Some((one, other)) if !off(&one) || !off(&other) => Ok(()),
        _ => Err(ReaderRejected::Because(
            "it is not read-only: its rows may be others than the writer's".to_owned(),
        )),
    }
}

/// A replica of several threads that commits out of order may show the mark before what was written earlier.
fn in_order(session: &mut Session) -> Result<(), ReaderRejected> {
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name LIKE '%_preserve_commit_order' \
               OR Variable_name LIKE '%_parallel_workers'";
    let found: Vec<(String, String)> = session.rows("asking in which order it commits", sql)?;
    let any = |of: &str, is: &dyn Fn(&str) -> bool| {
        found.iter().any(|(variable, value)| variable.ends_with(of) && is(value))
    };
    let several = any("_parallel_workers", &|value| value.parse::<u32>().is_ok_and(|threads| threads > 1));
    if several && any("_preserve_commit_order", &|value| value == "OFF") {
        return Err(ReaderRejected::Because(
            "it commits out of order (replica_preserve_commit_order = OFF): what it shows proves nothing"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Settings by name, and whether this is the same key of the masks without telling it.
fn settings_of(session: &mut Session) -> Result<BTreeMap<String, String>, mysql::Error> {
    let deed = "comparing the settings of readers";
    let names: Vec<String> = SETTINGS.iter().map(|name| literal(name)).collect();
    let sql = format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", names.join(", "));
    let found: Vec<(String, String)> = session.rows(deed, &sql)?;
    let key: Option<String> = session.first(deed, "SELECT COALESCE(SHA2(@refreshkit_key, 256), '')")?;
    let mut settings: BTreeMap<String, String> = found.into_iter().collect();
    settings.insert(MASK_KEY.to_owned(), key.unwrap_or_default());
    Ok(settings)
}

/// What the masks' key is called among the settings.
const MASK_KEY: &str = "the key of the masks";

/// Makes the settings of a reader's connection those of the writer's.
fn align(session: &mut Session, wanted: &BTreeMap<String, String>) -> Result<(), ReaderRejected> {
    let found = settings_of(session)?;
    for (setting, value) in wanted.iter().filter(|(setting, value)| found.get(*setting) != Some(*value)) {
        let value = if value.parse::<i64>().is_ok() { value.clone() } else { literal(value) };
        if setting != MASK_KEY {
            session.attempt(&format!("SET SESSION {setting} = {value}"));
        }
    }
    let found = settings_of(session)?;
    match wanted.iter().find(|(setting, value)| found.get(*setting) != Some(*value)) {
        Some((setting, _)) => Err(ReaderRejected::Because(format!("{setting} is another one there"))),
        None => Ok(()),
    }
}
