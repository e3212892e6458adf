//! Which rows come along: two monotone phases over sets of primary keys, on the server.
//!
//! In: key tables with the roots in generation 0. Out: key tables with every kept row, how far from the roots it is
//! (`gen`) and along which relation it came (`edge`: plus its number down, minus its number up, 0 a root).
//!
//! ```text
//! keep = D = roots;  repeat D += owned children of D until nothing new        (generations 1..last_down)
//! repeat keep += parents referenced by keep until nothing new                 (generations last_down+1..)
//! ```
//!
//! Each round looks only at rows of the round before. A row reached upwards never brings its children. Sets only
//! grow, so the order of relations does not matter; it does decide which of several reasons a row is filed under.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::blueprint::{Blueprint, Kept};
use super::error::Error;
use super::relations::Edge;
use super::sql::{Rows, Words};
use super::{drops, roots};
use crate::house::House;
use crate::mysql::Session;
use crate::progress::Unit;

/// How far the two phases went, and what was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closure {
    /// The last generation of the down phase.
    pub last_down: u64,
    /// The last generation at all.
    pub last: u64,
    /// Rows that stay behind for each relation with `up = "drop"` (its number, rows).
    pub dropped: Vec<(usize, u64)>,
}

/// Fills the key tables.
pub fn collect(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
    as_of: Timestamp,
) -> Result<Closure, Error> {
    roots::seed(house, session, blueprint, as_of)?;
    let task = house.progress.start("collecting keys", None, Unit::Rows);
    let mut round = Round { house, session, blueprint, task: &task };
    let last_down = round.down()?;
    let last = round.up(last_down)?;
    drop(task);
    let dropped = drops::settle(house, session, blueprint)?;
    Ok(Closure { last_down, last, dropped })
}

struct Round<'a> {
    house: &'a House,
    session: &'a mut Session,
    blueprint: &'a Blueprint,
    task: &'a crate::progress::Task<'a>,
}

impl Round<'_> {
    fn down(&mut self) -> Result<u64, Error> {
        let words = self.blueprint.words();
        let edges: Vec<&Edge> = self.blueprint.down().collect();
        let mut fresh: BTreeSet<usize> = edges.iter().map(|edge| edge.parent).collect();
        let mut generation = 0;
        while !fresh.is_empty() {
            generation += 1;
            let mut next = BTreeSet::new();
            for edge in edges.iter().filter(|edge| fresh.contains(&edge.parent)) {
                if self.run(edge, "children", &words.down(edge, generation))? > 0 {
                    next.insert(edge.child);
                }
            }
            fresh = next;
        }
        Ok(generation)
    }

    fn up(&mut self, last_down: u64) -> Result<u64, Error> {
        let words = self.blueprint.words();
        let edges: Vec<&Edge> = self.blueprint.up().collect();
        let mut generation = last_down + 1;
        let mut fresh = BTreeSet::new();
        for edge in &edges {
            let condition = kept_children(self.blueprint, words, edge.child, last_down);
            let rows = match self.blueprint.kept(edge.child) {
                Kept::Keys => Rows::Between(0, last_down),
                Kept::Children => Rows::Matching(&condition),
                Kept::All | Kept::Nothing => Rows::All,
            };
            if self.run(edge, "parents", &words.up(edge, rows, generation))? > 0 {
                fresh.insert(edge.parent);
            }
        }
        while !fresh.is_empty() {
            let rows = Rows::Between(generation, generation);
            generation += 1;
            let mut next = BTreeSet::new();
            for edge in edges.iter().filter(|edge| fresh.contains(&edge.child)) {
                // Tables without keys gain nothing on the way up.
                if self.blueprint.kept(edge.child) == Kept::Keys
                    && self.run(edge, "parents", &words.up(edge, rows, generation))? > 0
                {
                    next.insert(edge.parent);
                }
            }
            fresh = next;
        }
        Ok(generation)
    }

    fn run(&mut self, edge: &Edge, what: &str, sql: &str) -> Result<u64, Error> {
        self.house.cancel.check()?;
        let catalog = &self.blueprint.catalog;
        self.task.message(&catalog.tables[edge.child].label());
        let (child, parent) = (edge.child_label(catalog), edge.parent_label(catalog));
        let deed = format!("collecting {what} along {child} = {parent}");
        let added = self.session.run(&deed, sql)?;
        self.task.add(added);
        Ok(added)
    }
}

/// The rows of a table without a key that are kept, a condition over alias `c`: those with a kept parent.
pub(super) fn kept_children(blueprint: &Blueprint, words: Words<'_>, table: usize, last_down: u64) -> String {
    let owners = blueprint
        .edges
        .iter()
        .filter(|edge| edge.child == table && edge.down && blueprint.kept(edge.parent) == Kept::Keys);
    let reasons = owners.map(|edge| {
        let kept = words.parent_kept(edge, &words.values(edge), (0, last_down));
        edge.filter.as_deref().map_or(kept.clone(), |filter| format!("(({filter}) AND {kept})"))
    });
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() { "FALSE".to_owned() } else { reasons.join(" OR ") }
}
