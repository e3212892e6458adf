//! `[relations]`: which column refers to which.
//!
//! In: `"parent.column"`, `{ to = "parent.column", … }` or a list of such with conditions. Out: [`RelationConfig`]s.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::config::brief::{self, Brief, OneOrMany};

/// The relations of one child column (or columns): one parent, or one per condition.
pub(crate) type RelationConfigs = OneOrMany<RelationConfig>;

/// What the child column refers to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[schemars(transform = brief::or_text)]
pub struct RelationConfig {
    /// The parent: `table.column` or `table(column, column)`.
    pub to: String,
    /// Which child rows the relation is about, SQL over alias `c`: `owner_type = 'producer'`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Whether children come along with a kept parent.
    pub down: Option<Down>,
    /// Whether parents come along with a kept child.
    pub up: Up,
    /// At most so many children for each parent.
    pub cap: Option<u64>,
    /// Which children are first under a cap: `created_at DESC`. The primary key decides ties.
    pub order: Option<String>,
    /// How the child's value becomes the parent's: a column type such as `unsigned`, or `json`, `list`.
    pub cast: Option<String>,
}

/// Whether children come along with a kept parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// The parent owns its children. The default, except for a table that refers to itself.
    Own,
    /// Children never come along because their parent did.
    Never,
}

/// Whether parents come along with a kept child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Up {
    /// Always: the reference stays whole.
    #[default]
    Always,
    /// The reference is set to NULL where the parent does not come for another reason.
    Nullify,
    /// The child stays behind where the parent does not come for another reason.
    Drop,
    /// The reference may dangle.
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
