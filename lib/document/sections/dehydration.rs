//! The plan: which rows of which tables come along, masks compiled in (mydehydrate).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::relations::{EdgeOrigin, HotParent};
use super::target::PlanFit;

/// An exact plan: which rows of which tables come along, masks compiled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dehydration {
    /// The moment that windows count back from: the snapshot's time, never `NOW()`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Timestamp>,
    /// The schema on the copy that holds the key tables, the mask key and the plan's own state.
    pub work_schema: String,
    /// Statements that each reading connection runs first, such as loading the mask key into a session variable.
    pub session: Vec<String>,
    /// One SELECT a table, in a stable order.
    pub tables: Vec<TablePlan>,
    /// What each relation contributed.
    pub edges: Vec<EdgeReport>,
    /// Databases of the source that are in the plan.
    pub databases: Vec<String>,
    /// True if the copy was rewritten in place; the SELECTs then read whole tables.
    pub in_place: bool,
    /// References of kept rows whose parent exists in the source but was not kept. Zero, or the run was refused.
    pub dangling: u64,
    /// Hash of the rules, to see which configuration made a dump (hexadecimal SHA-256).
    pub config_sha256: String,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// Where the keys are, if not all of them are on the copy, with which they die.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<PlanKeys>,
    /// The hashed originals to look for in what leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaks: Option<LeakScan>,
    /// In how many tables made-up people went through the masks, and did not come out; nothing if none were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canaries: Option<u64>,
    /// What was chosen to fit `--target-rows` or `--target-size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PlanFit>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where the keys of a plan are between the tools. A key itself is in no document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanKeys {
    /// Where the key of the masks is.
    pub mask: KeyPlace,
    /// The key of the hashed originals.
    pub scan: KeyPlace,
    /// HMAC-SHA-256 of the run under the masks' key, hexadecimal: with another key, the dump is refused. Nothing for a key on
    /// the copy, which nobody else can have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The file of the state directory that holds what is neither on the copy nor in the configuration, for people: the
    /// tools find it by the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where a key is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPlace {
    /// In the work schema of the throw-away copy, made by the server.
    #[default]
    Copy,
    /// Where `[mask] key` says.
    Config,
    /// In a file of the state directory, as the server lives on.
    File,
}

/// Keyed hashes of original values, in tables of the work schema: none of them may be in the dump.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeakScan {
    /// Whether a value that is found stops the dump; else it is a warning.
    pub refuse: bool,
    /// The tables with the hashes.
    pub tables: Vec<String>,
    /// How many hashes there are in all of them.
    pub values: u64,
    /// The columns that they come from, by number.
    pub origins: Vec<LeakOrigin>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A column whose original values are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeakOrigin {
    /// The column with its table and database: `app.insureds.email`.
    pub column: String,
    /// The kind of its mask.
    pub mask: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What happens to a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableClass {
    /// Rows are chosen by the root rule.
    Root,
    /// Rows follow from kept rows along relations.
    #[default]
    Follow,
    /// All rows of the table come along.
    Full,
    /// The table is created, without rows.
    Empty,
    /// Not even the structure.
    Ignore,
}

impl TableClass {
    /// As `refresh.toml` and the document say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Follow => "follow",
            Self::Full => "full",
            Self::Empty => "empty",
            Self::Ignore => "ignore",
        }
    }
}

/// The part of one table that comes along, in pieces that a dumper can cut into chunks, and whole for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TablePlan {
    /// Database of the table.
    pub database: String,
    /// Name of the table, unquoted.
    pub table: String,
    /// What happens to the table.
    pub class: TableClass,
    /// The rule that decided, for people: `empty = "@logs"`.
    pub why: String,
    /// Rows in the copy before (exact where counted, else the server's estimate).
    pub rows_before: u64,
    /// Rows that come along.
    pub rows: u64,
    /// Bytes of the whole table in the copy (data and indexes).
    pub bytes_before: u64,
    /// The key to walk and order by: unquoted column names of the table, alias `t`. Empty: no usable key.
    pub key: Vec<String>,
    /// What is selected, in order: every column that can be inserted (generated columns are left out).
    pub columns: Vec<ColumnPlan>,
    /// The FROM clause without the word: `` `app`.`notes` AS t JOIN `refreshkit_work`.`k_7` AS k ON … ``.
    pub from: String,
    /// The WHERE clause without the word, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How a dump finds the rows, for people: `along app.answers(app_id)`, `by keys`, `whole`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read: String,
    /// Ranges of the key within which every row of the table comes along: it can be read there without `from` and `filter`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub whole_ranges: Vec<WholeRange>,
    /// The whole statement: columns, from, filter and the key's order put together.
    pub select: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A range of a table's key within which every row comes along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WholeRange {
    /// The key: one column, a whole number.
    pub column: String,
    /// The first number of the range.
    pub first: u64,
    /// The last number of the range, included.
    pub last: u64,
    /// Rows of the table within the range.
    pub rows: u64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One column of a table's SELECT.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ColumnPlan {
    /// Name of the column, unquoted.
    pub name: String,
    /// SQL over alias `t`: `` t.`id` ``, or the mask.
    pub expression: String,
    /// The mask's kind, if the column is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Whether original values are looked for in what leaves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scan: bool,
    /// What may stand for the column if an original is found in it after all, as the right side of a rule: the best first, then the kinds
    /// of the originals that it takes. `"text"` if nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What one relation contributed to the closure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EdgeReport {
    /// Referring table with its columns: `app.ratings(app_id)`.
    pub child: String,
    /// Table that is referred to, with its columns: `app.applications(app_id)`.
    pub parent: String,
    /// Where the relation is known from.
    pub origin: EdgeOrigin,
    /// Child rows that came along because their parent did.
    pub down_rows: u64,
    /// Parent rows that came along because a kept child refers to them.
    pub up_rows: u64,
    /// Kept child rows whose parent was already missing in the source.
    pub orphans: u64,
    /// Kept child rows whose parent exists in the source but was not kept. Must be zero.
    pub dangling: u64,
    /// Rows that stay behind because their parent does not come (`up = "drop"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_rows: Option<u64>,
    /// The parents that brought the most children, if somebody is to look at them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hot_parents: Vec<HotParent>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
