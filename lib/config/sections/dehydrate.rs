//! `[dehydrate]`: which rows are kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::brief::OneOrMany;
use crate::config::length::Length;

/// Which rows are kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DehydrateConfig {
    /// Which rows are roots: one rule, or a list.
    pub root: OneOrMany<RootConfig>,
    /// Tables that are created without rows: names, globs, `@groups`.
    pub empty: Vec<String>,
    /// Tables of which all rows are kept.
    pub full: Vec<String>,
    /// Tables that are left out, not even created.
    pub ignore: Vec<String>,
    /// Tables whose rows are kept as relations say, although a wider glob of another list matches them.
    pub follow: Vec<String>,
    /// How a table is treated that no rule and no relation reaches: `full` or `empty`. If not given, such a table is an error.
    pub unclassified: Option<Unclassified>,
    /// Named groups of globs, used as `@name`. `logs`, `sessions` and `queues` are built in.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Name of the work schema on the copy. `mydehydrate` makes it; it is dropped after the dump, or by the next run.
    pub work_schema: String,
}

impl Default for DehydrateConfig {
    fn default() -> Self {
        Self {
            root: OneOrMany::default(),
            empty: Vec::new(),
            full: Vec::new(),
            ignore: Vec::new(),
            follow: Vec::new(),
            unclassified: None,
            groups: BTreeMap::new(),
            work_schema: "refreshkit_work".to_owned(),
        }
    }
}

/// How a table is treated that no rule and no relation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unclassified {
    /// All rows of the table are kept.
    Full,
    /// The table is created without rows.
    Empty,
}

/// One rule that chooses rows of a table as roots.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RootConfig {
    /// The table that rows are chosen from.
    pub table: String,
    /// The column that says when a row was created.
    pub date: Option<String>,
    /// Rows of this length of time before the snapshot are roots; needs `date`.
    pub window: Option<Length>,
    /// At least so many rows are roots: where the window has fewer, older rows are added, the newest first.
    pub at_least: u64,
    /// A further condition for all but `pinned` rows, SQL over alias `t`. Alone it chooses all rows that match.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// At least so many rows for each value of a column, the newest first.
    pub per_value: BTreeMap<String, u64>,
    /// Primary keys of rows that are always kept.
    pub pinned: Vec<PinnedKey>,
}

/// The primary key of one row: a number, a text, or a list of those for a key of several columns.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PinnedKey {
    /// A whole-number key, such as `17`.
    Number(i64),
    /// A text key, such as `"DE"`.
    Text(String),
    /// A key of several columns, in the key's order.
    Composite(Vec<PinnedKey>),
}
