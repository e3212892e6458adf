//! `[dehydrate]`: which rows come along.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::brief::OneOrMany;
use crate::config::length::Length;

/// Which rows come along.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DehydrateConfig {
    /// The central entity: one rule, or a list.
    pub root: OneOrMany<RootConfig>,
    /// Tables whose rows stay behind: names, globs, `@groups`.
    pub empty: Vec<String>,
    /// Tables that come whole.
    pub full: Vec<String>,
    /// Tables that do not come at all, not even empty.
    pub ignore: Vec<String>,
    /// Tables that come with what refers to them, though a wider glob says otherwise.
    pub follow: Vec<String>,
    /// What to do with a table that no rule and no relation reaches: `full` or `empty`. Unset: an error.
    pub unclassified: Option<Unclassified>,
    /// Named groups of globs, used as `@name`; `logs`, `sessions`, `queues` are built in.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The schema on the copy that holds key tables and the mask key. It is made, and dropped at the next run.
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

/// What to do with a table that no rule and no relation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unclassified {
    /// All its rows come along.
    Full,
    /// The table is created, without rows.
    Empty,
}

/// One root table and the rows of it that are chosen.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RootConfig {
    /// The table that rows are chosen from.
    pub table: String,
    /// The column that says when a row came to be.
    pub date: Option<String>,
    /// How far the trailing window reaches back from the snapshot.
    pub window: Option<Length>,
    /// At least so many rows, the newest first.
    pub at_least: u64,
    /// A further condition, SQL over alias `t`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// At least so many rows of each value of a column.
    pub per_value: BTreeMap<String, u64>,
    /// Primary keys that always come along.
    pub pinned: Vec<PinnedKey>,
}

/// A primary key value: a number or a text.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PinnedKey {
    /// A whole-number key, such as `17`.
    Number(i64),
    /// A text key, such as `"DE"`.
    Text(String),
    /// A composite key, in the key's order.
    Composite(Vec<PinnedKey>),
}
