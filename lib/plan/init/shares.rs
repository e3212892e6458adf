//! Which tables come whole, which come empty, and what could connect those that nothing reaches.
//!
//! In: the catalog, the relations, the roots. Out: [`Shares`]: entries of `empty`, `full` and `follow`, each with its reason.

use std::collections::BTreeMap;

use super::texts::Entry;
use crate::catalog::{Catalog, Table};
use crate::config::{Up, toml_text};
use crate::document::TableClass;
use crate::plan::infer::proposals::Proposal;
use crate::plan::rules::classes::{LOOKUP_ROWS_MAX, built_in_group};
use crate::plan::rules::edge::Edge;
use crate::plan::rules::reach;

/// The lists of `[dehydrate]`.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    /// Tables that are created without rows: the list `empty`.
    pub(crate) empty: Vec<Entry>,
    /// Tables that come along whole: the list `full`.
    pub(crate) full: Vec<Entry>,
    /// Tables that a group would empty, and that are wanted: the list `follow`.
    pub(crate) follow: Vec<Entry>,
    /// Position of every table whose rows stay behind.
    pub(crate) without_rows: Vec<usize>,
}

/// Shares the tables out. `classes`: what is decided already, the roots at least; groups are looked for only if `groups`.
pub(crate) fn share(
    catalog: &Catalog,
    edges: &[Edge],
    mut classes: Vec<Option<TableClass>>,
    groups: bool,
    proposals: &[Proposal],
) -> Shares {
    let mut shares = Shares::default();
    if groups {
        shares.groups(catalog, edges, &mut classes);
    }
    // Small tables first: what comes whole brings its parents along.
    for at in unreached(catalog, edges, &classes) {
        let table = &catalog.tables[at];
        if table.rows_estimate <= LOOKUP_ROWS_MAX {
            let why = format!("about {} rows, and no relation reaches it", table.rows_estimate);
            shares.full.push(Entry { name: catalog.written(table), why, decide: false });
            classes[at] = Some(TableClass::Full);
        }
    }
    let left = unreached(catalog, edges, &classes);
    for &at in &left {
        let table = &catalog.tables[at];
        let nearest = nearest(catalog, at, &left, proposals);
        let why = format!("about {} rows, and no relation reaches it; {nearest}", table.rows_estimate);
        shares.empty.push(Entry { name: catalog.written(table), why, decide: true });
        classes[at] = Some(TableClass::Empty);
    }
    // What asks for a decision comes first.
    shares.empty.sort_by_key(|entry| !entry.decide);
    let empty = |at: &usize| matches!(classes[*at], Some(TableClass::Empty | TableClass::Ignore));
    shares.without_rows = (0..catalog.tables.len()).filter(empty).collect();
    shares
}

impl Shares {
    fn groups(&mut self, catalog: &Catalog, edges: &[Edge], classes: &mut [Option<TableClass>]) {
        let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, table) in catalog.tables.iter().enumerate().filter(|(at, _)| classes[*at].is_none()) {
            if let Some(group) = built_in_group(table) {
                found.entry(group).or_default().push(at);
            }
        }
        for (group, tables) in found {
            // Rows of other tables want their parents: a table of theirs is no log, whatever it is called.
            let wanted = |at: usize| {
                let refers = |edge: &&Edge| edge.parent == at && edge.child != at && edge.up == Up::Always;
                edges.iter().filter(refers).any(|edge| built_in_group(&catalog.tables[edge.child]).is_none())
            };
            let (kept, left): (Vec<usize>, Vec<usize>) = tables.into_iter().partition(|at| wanted(*at));
            for at in kept {
                let name = catalog.written(&catalog.tables[at]);
                let why = format!("called like @{group}, but other tables refer to it");
                self.follow.push(Entry { name, why, decide: false });
                classes[at] = Some(TableClass::Follow);
            }
            if !left.is_empty() {
                let names: Vec<&str> =
                    left.iter().take(4).map(|at| catalog.tables[*at].name.as_str()).collect();
                let more = if left.len() > names.len() { ", …" } else { "" };
                let why = format!("{} table(s): {}{more}", left.len(), names.join(", "));
                self.empty.push(Entry { name: format!("@{group}"), why, decide: false });
            }
            for at in left {
                classes[at] = Some(TableClass::Empty);
            }
        }
    }
}

/// Tables of which nothing is decided and that no relation reaches.
fn unreached(catalog: &Catalog, edges: &[Edge], classes: &[Option<TableClass>]) -> Vec<usize> {
    let reached = reach::tables(catalog, edges, classes);
    (0..catalog.tables.len()).filter(|at| classes[*at].is_none() && reached[*at].is_none()).collect()
}

/// The likeliest way to reach a table: a doubtful relation of it, or a column that the key of another is called like.
fn nearest(catalog: &Catalog, at: usize, left: &[usize], proposals: &[Proposal]) -> String {
    let touches =
        |proposal: &&Proposal| !proposal.stands && (proposal.child.0 == at || proposal.parent == Some(at));
    if let Some(proposal) = proposals.iter().find(touches) {
        return format!("perhaps {}", proposal.line());
    }
    let table = &catalog.tables[at];
    let telling = |name: &str| name.len() > 3 && !["name", "code", "type", "status"].contains(&name);
    let shared = catalog.tables.iter().enumerate().filter(|(other, _)| *other != at && !left.contains(other));
    let found = shared.into_iter().find_map(|(_, other)| {
        let key = |table: &Table| match table.key()[..] {
            [one] if telling(&one.name.to_lowercase()) => Some(one.name.clone()),
            _ => None,
        };
        let up = key(other).filter(|key| table.column(key).is_some()).map(|key| (table, other, key));
        up.or_else(|| key(table).filter(|key| other.column(key).is_some()).map(|key| (other, table, key)))
    });
    found.map_or(
        "no column of it is called like the key of another table".to_owned(),
        |(child, parent, key)| {
            format!(
                "perhaps {} = {}",
                toml_text(&catalog.written_column(child, &key)),
                toml_text(&catalog.written_column(parent, &key))
            )
        },
    )
}
