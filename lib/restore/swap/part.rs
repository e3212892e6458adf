//! `--only`: swaps some tables of a database instead of all.
//!
//! In: the names of `--only`; the contents of the database in use and of the one that is swapped in. Out: both contents cut down
//! to those tables; or why they cannot be replaced alone. The swap, its repair and its undo do what a plan says, so they need not
//! know of `--only`.
//!
//! What stays goes on working: a replaced table has the same columns and the same triggers as before, and no foreign key leads
//! from it to a table that stays, or back. A table that is new in the database gets the triggers of the dump.

use std::collections::BTreeSet;

use super::objects::{self, Object, StoredKind};
use super::state;
use super::sync_objects::Contents;
use crate::catalog::Patterns;
use crate::mysql::Session;
use crate::restore::alone::{self, NotAlone};
use crate::restore::error::Error;
use crate::sql::{name, qualified};

/// The words of `--only`, which say what tables are replaced.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    words: Vec<String>,
    patterns: Patterns,
}

impl Part {
    /// Takes the words of `--only`; `None` without words, for the whole database.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        (!words.is_empty()).then(|| Self { words: words.to_vec(), patterns: Patterns::new(words) })
    }

    /// Fails if a word fits none of `tables`. `place` says in the message where these are.
    pub(crate) fn refuse_unknown(&self, tables: &[&str], place: &str) -> Result<(), NotAlone> {
        let fits = |word: &str, table: &str| Patterns::new([word]).fit(table);
        alone::refuse_unknown(&self.words, tables, place, fits)
    }

    /// Fails before the load if the database in use has no tables, or if its foreign keys tie the named tables to others.
    pub(crate) fn refuse_early(&self, session: &mut Session, database: &str) -> Result<(), Error> {
        let tables = objects::tables(session, database)?;
        if tables.is_empty() {
            return Err(NotAlone::NothingThere { database: database.to_owned() }.into());
        }
        let chosen = tables.into_iter().filter(|table| self.patterns.fit(table)).collect();
        Ok(alone::refuse_ties(&chosen, &objects::foreign_keys(session, database)?)?)
    }

    /// Cuts the contents of the database in use and of the staging database down to the named tables. `session` is the swapper's,
    /// `loader` the loader's.
    pub(crate) fn cut(
        &self,
        session: &mut Session,
        loader: &mut Session,
        live: Contents,
        mut incoming: Contents,
    ) -> Result<(Contents, Contents), Error> {
        let tables: Vec<&str> = incoming.tables.iter().map(String::as_str).collect();
        self.refuse_unknown(&tables, "what was loaded")?;
        let chosen: BTreeSet<String> =
            incoming.tables.iter().filter(|table| self.patterns.fit(table)).cloned().collect();
        refuse_what_does_not_fit(session, loader, &chosen, &live, &incoming)?;
        let stays = |trigger: &&Object| live.tables.contains(&trigger.table);
        for trigger in incoming.triggers().filter(|trigger| chosen.contains(&trigger.table)).filter(stays) {
            let full = qualified(&incoming.database, &trigger.name);
            loader.run(&format!("dropping the trigger {full}"), &format!("DROP TRIGGER IF EXISTS {full}"))?;
        }
        incoming.objects.retain(|object| {
            object.kind == StoredKind::Trigger
                && chosen.contains(&object.table)
                && !live.tables.contains(&object.table)
        });
        let live = of_tables(live, &chosen);
        incoming.objects.splice(0..0, live.objects.iter().cloned());
        incoming.tables.retain(|table| chosen.contains(table));
        incoming.collation.clone_from(&live.collation);
        Ok((live, incoming))
    }
}

/// Reads the tables of the last swap; empty if it was the whole database.
pub(crate) fn last(session: &mut Session, previous: &str) -> Result<Vec<String>, Error> {
    let history = state::history(session, previous)?.unwrap_or_default();
    Ok(serde_json::from_value(history["only"].clone()).unwrap_or_default())
}

/// Cuts the contents of the database in use and of `__previous` down to the tables of the last `--only`.
pub(crate) fn cut_for_undo(
    session: &mut Session,
    only: &[String],
    live: Contents,
    kept: Contents,
) -> Result<(Contents, Contents), Error> {
    let chosen: BTreeSet<String> = only.iter().cloned().collect();
    alone::refuse_ties(&chosen, &objects::foreign_keys(session, &live.database)?)?;
    refuse_views(&chosen, &live)?;
    let live = of_tables(live, &chosen);
    let mut kept = of_tables(kept, &chosen);
    kept.collation.clone_from(&live.collation);
    Ok((live, kept))
}

/// Keeps only the chosen tables and their triggers.
fn of_tables(mut contents: Contents, chosen: &BTreeSet<String>) -> Contents {
    contents.tables.retain(|table| chosen.contains(table));
    contents.objects.retain(|object| object.kind == StoredKind::Trigger && chosen.contains(&object.table));
    contents
}

fn refuse_what_does_not_fit(
    session: &mut Session,
    loader: &mut Session,
    chosen: &BTreeSet<String>,
    live: &Contents,
    incoming: &Contents,
) -> Result<(), Error> {
    refuse_views(chosen, live)?;
    let mut keys = objects::foreign_keys(session, &live.database)?;
    keys.extend(objects::foreign_keys(loader, &incoming.database)?);
    alone::refuse_ties(chosen, &keys)?;
    for table in chosen.iter().filter(|table| live.tables.contains(table)) {
        let now = objects::columns(session, &live.database, table)?;
        let then = objects::columns(loader, &incoming.database, table)?;
        alone::refuse_other_columns(table, &live.database, &now, &then)?;
    }
    // MariaDB: after the swap, a default takes the next value of the sequence of the same name in the database in use.
    let beginning = format!("{}.{}", name(&incoming.database), '`');
    for (table, _, default) in objects::defaults_from(loader, &incoming.database, &incoming.database)? {
        let asked = default.split_once(&beginning).and_then(|(_, rest)| rest.split_once('`'));
        let Some((sequence, _)) = asked.filter(|_| chosen.contains(&table)) else { continue };
        if !chosen.contains(sequence) && !live.tables.iter().any(|table| table == sequence) {
            let (sequence, database) = (sequence.to_owned(), live.database.clone());
            return Err(NotAlone::Sequence { table, sequence, database }.into());
        }
    }
    Ok(())
}

fn refuse_views(chosen: &BTreeSet<String>, live: &Contents) -> Result<(), NotAlone> {
    let view =
        live.objects.iter().find(|object| object.kind == StoredKind::View && chosen.contains(&object.name));
    view.map_or(Ok(()), |view| {
        Err(NotAlone::View { name: view.name.clone(), database: live.database.clone() })
    })
}
