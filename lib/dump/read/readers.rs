//! Readers: further servers that hold the same rows and share the reading.
//!
//! In: a server, the planner's connection to the writer, a [`ReaderMark`]. Out: a [`ReaderPool`] of connections to a server that
//! provably shows the writer's rows, or the reason why the server is left out.
//!
//! ```text
//! writer:  write the mark, a row that is new and unique  reader: wait until it shows the mark
//! writer:  LOCK TABLES … READ, write a new mark          reader: wait until it shows the new mark
//! both:    START TRANSACTION WITH CONSISTENT SNAPSHOT    the same rows on both
//! ```
//!
//! A reader receives changes in the order in which the writer makes them. So a reader that shows the mark shows all
//! earlier changes, and while the tables are locked there are no later ones. A server that is no reader never shows it.

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

/// Under `LOCK TABLES` on a server in use, a reader is waited for `reader_wait` divided by this number: other clients wait
/// meanwhile, and the reader was up to date a moment before.
const LOCKED_PART: u32 = 6;

/// The shortest and the longest pause between two queries for the mark.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));

/// Session variables that the result of an expression can depend on. A reader's must be the same as the writer's.
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

/// Why a reader cannot be used. `Because` leaves it out with a message; `Failed` ends the dump.
pub(crate) enum ReaderRejected {
    Because(String),
    Failed(Error),
}

impl From<mysql::Error> for ReaderRejected {
    fn from(error: mysql::Error) -> Self {
        Self::Because(chain(&error))
    }
}

pub(crate) struct ReaderCheck<'a> {
    pub(crate) house: &'a House,
    pub(crate) wish: &'a Selection<'a>,
    pub(crate) place: Liveness,
    /// Session statements of the plan.
    pub(crate) settings: &'a [String],
    /// The plan's keys, which its masks read.
    pub(crate) keys: Option<&'a HeldKeys>,
    /// Longest wait for a reader to show the mark.
    pub(crate) patience: Duration,
}

#[derive(Debug)]
pub(crate) struct ReaderPool {
    pub(crate) label: String,
    pub(crate) sessions: Vec<Session>,
}

impl ReaderPool {
    /// Opens `size` connections to a server, and checks that it is a reader of the writer.
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
        // Only a reader that has shown the mark is certain to have the masks' key, and the right one.
        let wanted = settings_of(planner)?;
        for session in &mut team.sessions {
            apply(session, measure.settings, measure.keys).map_err(of_server)?;
            check_mask_key(session, measure.wish).map_err(of_server)?;
            align(session, &wanted)?;
        }
        Ok(team)
    }

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

    /// Waits for the new mark under the lock. On a copy, no other client waits for the lock, so the full wait is allowed.
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

/// Leaves a reader out after a server's error or without the masks' key; any other error ends the dump.
fn of_server(error: Error) -> ReaderRejected {
    match error {
        Error::Server(error) => error.into(),
        Error::NoMaskKey { .. } => ReaderRejected::Because(error.to_string()),
        other => ReaderRejected::Failed(other),
    }
}

/// Fails for another version than the planner's: two versions may write the same value differently.
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

/// Fails for a server that accepts writes: it may hold other rows. The writer itself, under another address, is accepted.
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

/// Fails for a replica with several threads that commits out of order: it may show the mark before earlier changes.
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

/// Reads the settings by name. A hash stands for the masks' key, so that keys are compared without being shown.
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

/// Name of the masks' key among the settings, as messages show it.
const MASK_KEY: &str = "the key of the masks";

/// Sets the settings of a reader's connection to the writer's. Fails when one stays different.
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
