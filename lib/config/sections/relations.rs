//! `[relations]`: which column refers to which.
//!
//! In: `"parent.column"`, `{ to = "parent.column", … }` or a list of these with conditions. Out: [`RelationConfig`]s.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::config::brief::{self, Brief, OneOrMany};

/// The relations of one child column (or columns): one parent, or one per condition.
pub(crate) type RelationConfigs = OneOrMany<RelationConfig>;

/// One relation of a child column (or columns): the parent, and which rows follow from the relation.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[schemars(transform = brief::or_text)]
pub struct RelationConfig {
    /// The parent: `table.column` or `table(column, column)`.
    pub to: String,
    /// The child rows that the relation holds for, SQL over alias `c`: `owner_type = 'producer'`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Whether the children of a kept parent are kept.
    pub down: Option<Down>,
    /// Whether the parent of a kept child is kept.
    pub up: Up,
    /// The relation keeps at most so many children for each parent.
    pub cap: Option<u64>,
    /// The order in which children count towards `cap`: `created_at DESC`. The primary key decides ties.
    pub order: Option<String>,
    /// How the child's value becomes the parent's: `unsigned`, `signed`, `char`, `uuid`, `json` or `list`.
    pub cast: Option<String>,
}

/// Whether the children of a kept parent are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// The children are kept. The default, except for a table that refers to itself.
    Own,
    /// A kept parent is no reason to keep its children.
    Never,
}

/// Whether the parent of a kept child is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Up {
    /// The parent is always kept, so that no reference is lost.
    #[default]
    Always,
    /// The reference becomes NULL if the parent is not kept for another reason.
    Nullify,
    /// The child is left out if the parent is not kept for another reason.
    Drop,
    /// The relation does not keep the parent, and the reference may dangle.
    Never,
}

impl Brief for RelationConfig {
    const EXPECTED: &'static str = "\"parent.column\" or { to = \"parent.column\", … }";

    fn from_text(text: &str) -> Self {
        Self { to: text.to_owned(), ..Self::default() }
    }

    fn from_table<'de, D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        Self::deserialize(table)
    }
}

impl<'de> Deserialize<'de> for RelationConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        brief::read(deserializer)
    }
}
