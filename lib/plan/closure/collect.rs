//! Creates key tables, fills them and empties them.
//!
//! In: sessions, a blueprint, the moment that windows count back from. Out: key tables with every kept row. The face of this wing
//! explains the phases `down` and `up`.

use std::collections::{BTreeMap, BTreeSet};

use super::conditions::kept_children;
use super::drops;
use super::pool::share_out;
use super::roots::{self, When};
use super::sql::ChildRows;
use crate::document::TableClass;
use crate::house::House;
use crate::mysql::{Session, number};
use crate::plan::error::Error;
use crate::plan::read::along;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::Edge;
use crate::progress::Unit;
use crate::work_schema;

/// When rounds have read a key table this often, it gets an index by generation. The index costs a third of each INSERT, which
/// pays only along deep chains, and is quickly made later.
const WHOLE_READS_MAX: u32 = 12;

/// How far the two phases went, and what was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closure {
    /// The last generation of the down phase.
    pub last_down: u64,
    /// The last generation of the up phase.
    pub last: u64,
    /// Number of each relation with `up = "drop"`, and how many rows were taken back along it.
    pub dropped: Vec<(usize, u64)>,
}

/// Makes the work schema anew, with empty key tables: all at once, since creating one is mostly waiting for the disk. Returns
/// the run whose plan was there before, if known.
pub fn prepare(sessions: &mut [Session], blueprint: &Blueprint, run: &str) -> Result<Option<String>, Error> {
    let (session, schema) = (&mut sessions[0], &blueprint.work_schema);
    let before = work_schema::prepare(session, schema, (run, &blueprint.config_sha256))?;
    work_schema::choose(session, blueprint.databases.first())?;
    // A table that is to be read along a relation may turn out to need keys.
    share_out(sessions, blueprint.with_key_tables().collect(), |session, table| {
        Ok(work_schema::create_keys(session, schema, table, &blueprint.catalog.tables[table])?)
    })?;
    Ok(before)
}

/// Empties all key tables.
pub(crate) fn forget(sessions: &mut [Session], blueprint: &Blueprint) -> Result<(), Error> {
    share_out(sessions, blueprint.with_key_tables().collect(), |session, table| {
        Ok(work_schema::forget_keys(session, &blueprint.work_schema, table)?)
    })?;
    Ok(())
}

/// Fills the key tables. All `sessions` work at the same time, each on a table of its own.
pub fn collect(
    house: &House,
    sessions: &mut [Session],
    blueprint: &mut Blueprint,
    when: &When,
) -> Result<Closure, Error> {
    along::ask(blueprint);
    roots::seed(house, &mut sessions[0], blueprint, when)?;
    let task = house.progress.start("collecting keys", None, Unit::Rows);
    let mut round = Round { house, sessions, blueprint, task: &task, read: BTreeMap::new() };
    let mut last_down = round.down()?;
    let read = std::mem::take(&mut round.read);
    let with_keys = along::find_rows(house, sessions, blueprint, last_down)?;
    let mut round = Round { house, sessions, blueprint, task: &task, read };
    if !with_keys.is_empty() {
        last_down = round.late(&with_keys, last_down)?;
    }
    let last = round.up(last_down)?;
    drop(task);
    let dropped = drops::take_rows_back(house, &mut sessions[0], blueprint)?;
    Ok(Closure { last_down, last, dropped })
}

struct Round<'a> {
    house: &'a House,
    sessions: &'a mut [Session],
    blueprint: &'a Blueprint,
    task: &'a crate::progress::Task<'a>,
    /// How often each key table was read for rows of one generation, by position of the table.
    read: BTreeMap<usize, u32>,
}

/// One statement along one relation, and the table that it adds to.
struct CollectStep<'a> {
    edge: &'a Edge,
    into: usize,
    sql: String,
}

impl Round<'_> {
    fn down(&mut self) -> Result<u64, Error> {
        let words = self.blueprint.words();
        let edges: Vec<&Edge> = self.blueprint.down().collect();
        let tables = 0..self.blueprint.catalog.tables.len();
        let mut fresh: BTreeSet<usize> =
            tables.filter(|at| self.blueprint.class(*at) == TableClass::Root).collect();
        let mut generation = 0;
        while !fresh.is_empty() {
            generation += 1;
            let next: Vec<&&Edge> = edges.iter().filter(|edge| fresh.contains(&edge.parent)).collect();
            self.read_by_generation(next.iter().map(|edge| edge.parent).collect())?;
            let steps = next.into_iter().map(|edge| CollectStep {
                edge,
                into: edge.child,
                sql: words.down(edge, generation),
            });
            fresh = self.run("children", steps.collect())?;
        }
        Ok(generation)
    }

    /// Collects the keys of tables for which reading along a relation does not pay. Returns the last generation of the down
    /// phase.
    fn late(&mut self, tables: &[usize], last_down: u64) -> Result<u64, Error> {
        let words = self.blueprint.words();
        let edges: Vec<&Edge> = self.blueprint.down().filter(|edge| tables.contains(&edge.child)).collect();
        for generation in 1..=last_down + 1 {
            let steps = edges.iter().map(|edge| CollectStep {
                edge,
                into: edge.child,
                sql: words.down(edge, generation),
            });
            self.run("children", steps.collect())?;
        }
        Ok(last_down + 1)
    }

    fn up(&mut self, last_down: u64) -> Result<u64, Error> {
        let words = self.blueprint.words();
        let edges: Vec<&Edge> = self.blueprint.up().collect();
        let mut generation = last_down + 1;
        let mut steps = Vec::new();
        for edge in &edges {
            let condition = kept_children(self.blueprint, words, edge.child, last_down);
            let rows = match self.blueprint.kept(edge.child) {
                RowsFrom::Keys => {
                    ChildRows::Until(last_down, words.brings_its_parent(edge).then_some(edge.number))
                }
                RowsFrom::Children => ChildRows::Matching(&condition),
                RowsFrom::Along(owner) => ChildRows::Along(self.blueprint.owner(owner), last_down),
                RowsFrom::All | RowsFrom::Nothing => ChildRows::All,
            };
            steps.push(CollectStep { edge, into: edge.parent, sql: words.up(edge, rows, generation) });
        }
        let mut fresh = self.run("parents", steps)?;
        while !fresh.is_empty() {
            let rows = ChildRows::Of(generation);
            generation += 1;
            // A table without a key table gains no rows in the up phase.
            let reached = |edge: &&&Edge| {
                fresh.contains(&edge.child) && self.blueprint.kept(edge.child) == RowsFrom::Keys
            };
            let next: Vec<&&Edge> = edges.iter().filter(reached).collect();
            self.read_by_generation(next.iter().map(|edge| edge.child).collect())?;
            let steps = next.into_iter().map(|edge| CollectStep {
                edge,
                into: edge.parent,
                sql: words.up(edge, rows, generation),
            });
            fresh = self.run("parents", steps.collect())?;
        }
        Ok(generation)
    }

    /// Adds an index by generation to key tables that many rounds have read.
    fn read_by_generation(&mut self, tables: BTreeSet<usize>) -> Result<(), Error> {
        let mut often = Vec::new();
        for table in tables {
            let read = self.read.entry(table).or_default();
            *read += 1;
            if *read == WHOLE_READS_MAX {
                often.push(table);
            }
        }
        let words = self.blueprint.words();
        share_out(self.sessions, often, |session, table| {
            let sql = format!("ALTER TABLE {} ADD KEY gen (gen)", words.keys(table));
            match session.run("ordering keys by generation", &sql) {
                // `fit` empties the key tables and fills them again: the index is there already.
                Err(e) if e.number() == Some(number::DUPLICATE_KEY_NAME) => Ok(()),
                outcome => Ok(outcome.map(drop)?),
            }
        })?;
        Ok(())
    }

    /// Does the steps of one round. Returns the tables that gained rows. A round reads only rows of earlier rounds, so steps into
    /// different tables are independent. Steps into one table keep their order: it decides which relation is a row's `edge`.
    fn run(&mut self, what: &str, steps: Vec<CollectStep<'_>>) -> Result<BTreeSet<usize>, Error> {
        let mut groups: BTreeMap<usize, Vec<CollectStep<'_>>> = BTreeMap::new();
        for step in steps {
            groups.entry(step.into).or_default().push(step);
        }
        let (house, catalog, task) = (self.house, &self.blueprint.catalog, self.task);
        let grown = share_out(self.sessions, groups.into_iter().collect(), |session, (into, steps)| {
            let mut grew = 0;
            for step in steps {
                house.cancel.check()?;
                task.message(&catalog.tables[step.edge.child].label());
                let (child, parent) = (step.edge.child_label(catalog), step.edge.parent_label(catalog));
                let added = session.run(&format!("collecting {what} along {child} = {parent}"), &step.sql)?;
                task.add(added);
                grew += added;
            }
            Ok((grew > 0).then_some(into))
        })?;
        Ok(grown.into_iter().flatten().collect())
    }
}
