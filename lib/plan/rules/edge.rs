//! One relation: which columns refer to which, and what that means for the rows at both ends.

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
    /// Counted from 1, in a stable order.
    pub number: usize,
    /// Position of the child in the catalog.
    pub child: usize,
    /// The columns that refer.
    pub child_columns: Vec<String>,
    /// Position of the parent in the catalog.
    pub parent: usize,
    /// The columns that are referred to, in the same order.
    pub parent_columns: Vec<String>,
    /// Which child rows it is about, SQL over alias `c`.
    pub filter: Option<String>,
    /// Whether the parent owns its children.
    pub down: bool,
    /// What a kept child means for its parent.
    pub up: Up,
    /// At most so many children a parent.
    pub cap: Option<u64>,
    /// Which children are first under a cap.
    pub order: Option<String>,
    /// How the child's value becomes the parent's.
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

    /// Whether the same columns of the same child refer, wherever to.
    pub(crate) fn same_columns(&self, other: &Self) -> bool {
        let lower = |columns: &[String]| columns.iter().map(|c| c.to_lowercase()).collect::<Vec<_>>();
        self.child == other.child && lower(&self.child_columns) == lower(&other.child_columns)
    }
}
