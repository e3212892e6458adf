//! The plan: which rows of which tables are kept, with the masks compiled in (mydehydrate).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::relations::{EdgeOrigin, HotParent};
use super::target::PlanFit;

/// The plan of a dump: which rows of which tables are kept, with the masks compiled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dehydration {
    /// The moment that windows count back from: the time of the data, never `NOW()`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Timestamp>,
    /// Name of the work schema on the copy, which holds the key tables, keys and the state of the plan.
    pub work_schema: String,
    /// Statements that each reading connection runs first, such as loading the mask key into a session variable.
    pub session: Vec<String>,
    /// One SELECT a table, in a stable order.
    pub tables: Vec<TablePlan>,
    /// How many rows are kept because of each relation.
    pub edges: Vec<EdgeReport>,
    /// Databases of the source that are in the plan.
    pub databases: Vec<String>,
    /// True if the copy was rewritten in place; the SELECTs then read whole tables.
    pub in_place: bool,
    /// References of kept rows whose parent exists in the source but was not kept. Always zero: otherwise the run is refused.
    pub dangling: u64,
    /// Hash of the rules, to see which configuration made a dump (hexadecimal SHA-256).
    pub config_sha256: String,
    /// Warnings that a person should look at.
    pub warnings: Vec<String>,
    /// Where the keys are, if not all of them are on the copy. Keys on the copy are deleted with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<PlanKeys>,
    /// The hashed originals that the scan looks for in the dump.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaks: Option<LeakScan>,
    /// Number of tables in which canaries went through the masks and were not recognised behind them; none if none were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canaries: Option<u64>,
    /// How the plan was made to fit `--target-rows` or `--target-size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PlanFit>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where the keys of a plan are between `mydehydrate` and `mydump-rotate`. No document holds a key itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanKeys {
    /// Where the key of the masks is.
    pub mask: KeyPlace,
    /// Where the key of the hashed originals is.
    pub scan: KeyPlace,
    /// HMAC-SHA-256 of the run with the key of the masks, hexadecimal: with another key the dump is refused. None if the key is
    /// on the copy, where it cannot be another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The file of the state directory with keys that are neither on the copy nor in the configuration. For people: the tools
    /// find it by the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The place of a key of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPlace {
    /// In the work schema of the throw-away copy, made by the server.
    #[default]
    Copy,
    /// At the place that `[mask] key` names.
    Config,
    /// In a file of the state directory, because the server is no throw-away copy.
    File,
}

/// Keyed hashes of original values, in tables of the work schema: none of them may be in the dump.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeakScan {
    /// True if an original in the dump stops it; false if it is only a warning.
    pub refuse: bool,
    /// Tables of the work schema that hold the hashes.
    pub tables: Vec<String>,
    /// Number of hashes in all these tables.
    pub values: u64,
    /// The columns that the originals come from; a hash names its column by the position in this list.
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
    /// The kind of the column's mask.
    pub mask: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What happens to a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableClass {
    /// Rows are chosen by a root rule.
    Root,
    /// Rows are kept because a relation leads to them from kept rows.
    #[default]
    Follow,
    /// All rows of the table are kept.
    Full,
    /// The table is created without rows.
    Empty,
    /// The table is left out, its structure too.
    Ignore,
}

impl TableClass {
    /// The word that stands for the class in `refresh.toml` and in a document.
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

/// The rows of one table that are kept: the parts of a SELECT, from which chunks can be made, and the whole SELECT for people.
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
    /// Rows of the table in the copy (exact if counted, else the server's estimate).
    pub rows_before: u64,
    /// Rows that are kept.
    pub rows: u64,
    /// Bytes of the whole table in the copy (data and indexes).
    pub bytes_before: u64,
    /// The key that chunks are cut and rows are ordered by: unquoted column names of the table. Empty if there is no usable key.
    pub key: Vec<String>,
    /// The selected columns, in order: all that can be inserted (generated columns are left out).
    pub columns: Vec<ColumnPlan>,
    /// The FROM clause without the word FROM: `` `app`.`notes` AS t JOIN `refreshkit_work`.`k_7` AS k ON … ``.
    pub from: String,
    /// The WHERE clause without the word WHERE, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How a dump finds the rows, for people: `along app.answers(app_id)`, `by keys`, `whole`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read: String,
    /// Ranges of the key within which every row of the table is kept: they can be read without `from` and `filter`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub whole_ranges: Vec<WholeRange>,
    /// The whole statement, made of `columns`, `from`, `filter` and the order by `key`.
    pub select: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A range of a table's key within which every row is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WholeRange {
    /// Name of the key's only column, which holds whole numbers.
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
    /// Whether the values of the column in the dump are searched for originals.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scan: bool,
    /// Masks to propose if an original is found in the column, each as the right side of a rule: the best one first, then kinds
    /// of masks of the originals that fit the column. `"text"` is proposed if the list is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How many rows are kept because of one relation, and which references it loses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EdgeReport {
    /// Referring table with its columns: `app.ratings(app_id)`.
    pub child: String,
    /// Table that is referred to, with its columns: `app.applications(app_id)`.
    pub parent: String,
    /// Where the relation is known from.
    pub origin: EdgeOrigin,
    /// Child rows that are kept because their parent is.
    pub down_rows: u64,
    /// Parent rows that are kept because a kept child refers to them.
    pub up_rows: u64,
    /// Kept child rows whose parent was already missing in the source.
    pub orphans: u64,
    /// Kept child rows whose parent exists in the source but was not kept. Must be zero.
    pub dangling: u64,
    /// Child rows that are left out because their parent is not kept (`up = "drop"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_rows: Option<u64>,
    /// The parents with the most kept children, if any has so many that a person should look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hot_parents: Vec<HotParent>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
