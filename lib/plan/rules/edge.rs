//! One relation: which columns refer to which, and which rows it brings at either end. Also groups the columns that relations
//! connect: all columns of a group must be masked alike.

use std::collections::BTreeMap;

use super::cast::Cast;
use crate::catalog::Catalog;
use crate::config::Up;

/// Where a relation is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationOrigin {
    /// A foreign key of the database.
    ForeignKey,
    /// An entry of `[relations]` in `refresh.toml`.
    Declared,
}

/// One relation: child columns refer to parent columns.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Number of the relation, counted from 1 in a stable order.
    pub number: usize,
    /// Position of the child in the catalog.
    pub child: usize,
    /// Columns of the child that refer to the parent.
    pub child_columns: Vec<String>,
    /// Position of the parent in the catalog.
    pub parent: usize,
    /// The columns that are referred to, in the same order.
    pub parent_columns: Vec<String>,
    /// Condition over alias `c` for the child rows that the relation is about.
    pub filter: Option<String>,
    /// True if a kept parent brings its children.
    pub down: bool,
    /// Whether a kept child brings its parent.
    pub up: Up,
    /// At most this many children are brought by each parent.
    pub cap: Option<u64>,
    /// ORDER BY terms that say which children are first under a cap.
    pub order: Option<String>,
    /// How the child's value is converted to the parent's type.
    pub cast: Option<Cast>,
    /// Where the relation is known from.
    pub origin: RelationOrigin,
    /// The relation's key in `[relations]`, for messages.
    pub key: Option<String>,
}

impl Edge {
    /// The referring table with its columns: `app.ratings(app_id)`.
    pub fn child_label(&self, catalog: &Catalog) -> String {
        format!("{}({})", catalog.tables[self.child].label(), self.child_columns.join(", "))
    }

    /// The table that is referred to, with its columns: `app.applications(app_id)`.
    pub fn parent_label(&self, catalog: &Catalog) -> String {
        format!("{}({})", catalog.tables[self.parent].label(), self.parent_columns.join(", "))
    }

    /// True if both relations have the same child and child columns, whatever their parents are.
    pub(crate) fn same_columns(&self, other: &Self) -> bool {
        let lower = |columns: &[String]| columns.iter().map(|c| c.to_lowercase()).collect::<Vec<_>>();
        self.child == other.child && lower(&self.child_columns) == lower(&other.child_columns)
    }
}

/// A column: its table's position and its name in lower case.
pub(crate) type Place = (usize, String);

/// Pairs of child and parent column, for relations without a cast or with the cast `char`.
pub(crate) fn ends(edges: &[Edge]) -> impl Iterator<Item = [Place; 2]> {
    edges.iter().filter(|edge| matches!(edge.cast, None | Some(Cast::Char))).flat_map(|edge| {
        let pairs = edge.child_columns.iter().zip(&edge.parent_columns);
        pairs.map(|(from, to)| [(edge.child, from.to_lowercase()), (edge.parent, to.to_lowercase())])
    })
}

/// Joins pairs to groups of columns that are connected directly or through other columns.
pub(crate) fn groups(pairs: impl Iterator<Item = [Place; 2]>) -> Vec<Vec<Place>> {
    let mut group: BTreeMap<Place, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Place>> = Vec::new();
    for pair in pairs {
        let [one, other] = pair.map(|place| {
            *group.entry(place.clone()).or_insert_with(|| {
                groups.push(vec![place]);
                groups.len() - 1
            })
        });
        if one != other {
            let moved = std::mem::take(&mut groups[other]);
            for place in &moved {
                group.insert(place.clone(), one);
            }
            groups[one].extend(moved);
        }
    }
    groups.retain(|places| !places.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_together_through_others_is_one_group() {
        let place = |n: usize| (n, "c".to_owned());
        let pairs = [(1, 2), (3, 4), (5, 6), (4, 1), (2, 3)].map(|(one, other)| [place(one), place(other)]);
        let mut found: Vec<Vec<usize>> = groups(pairs.into_iter())
            .into_iter()
            .map(|places| {
                let mut numbers: Vec<usize> = places.into_iter().map(|(n, _)| n).collect();
                numbers.sort_unstable();
                numbers
            })
            .collect();
        found.sort();
        assert_eq!(found, [vec![1, 2, 3, 4], vec![5, 6]]);
    }
}
