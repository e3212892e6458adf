//! The sections of the document: one a tool, plain data.
//!
//! Times are RFC 3339 in UTC, sizes are bytes, durations are seconds. Each struct carries the fields it does not
//! know in `other`, so that an older tool in the middle of a pipe loses nothing.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the data comes from: an Aurora cluster, a plain RDS instance, or a server known by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Source {
    /// Aurora cluster identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// RDS MySQL instance identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// `DbClusterResourceId` / `DbiResourceId` of the source: names get reused, these do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Databases to bring along.
    pub databases: Vec<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A snapshot of the source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Snapshot {
    /// Snapshot identifier; automated ones are `rds:…`.
    pub id: String,
    /// Amazon resource name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `manual` or `automated`.
    pub kind: String,
    /// As the service says: `creating`, `available`, …
    pub status: String,
    /// When the snapshot was taken; `as_of` of everything after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version, passed on to the restore.
    pub engine_version: String,
    /// True if this is not the snapshot that the run asked for.
    pub fallback: bool,
    /// Why the fallback was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_reason: Option<String>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How to log in, by reference. A secret is never in the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Login {
    /// A MySQL option file with a `[client]` group, mode 0600.
    OptionFile {
        /// Absolute path on this host.
        path: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// An environment variable that holds the password.
    Env {
        /// The variable's name.
        name: String,
        /// The user.
        user: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// A secret in AWS Secrets Manager.
    SecretsManager {
        /// The secret's ARN.
        arn: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// An RDS IAM token, made when needed.
    Iam {
        /// The database user.
        user: String,
        /// Fields of a newer version, carried untouched.
        #[serde(flatten)]
        other: Map<String, Value>,
    },
    /// A way to log in that this version does not know, carried untouched.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

impl Login {
    /// A login by an option file.
    pub fn option_file(path: &std::path::Path) -> Self {
        Self::OptionFile { path: path.display().to_string(), other: Map::new() }
    }
}

/// A throw-away copy that accepts a login.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cluster {
    /// Cluster (or instance) identifier.
    pub id: String,
    /// `DbClusterResourceId`.
    pub resource_id: String,
    /// Host name of the writer endpoint.
    pub host: String,
    /// TCP port of the endpoint.
    pub port: u16,
    /// `aurora-mysql`, `mysql`, …
    pub engine: String,
    /// Engine version.
    pub engine_version: String,
    /// The instances of the cluster, the writer first.
    pub instances: Vec<String>,
    /// The readers' own endpoints: the same storage and logins as the writer's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Endpoint>,
    /// How to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// True only if this run restored the copy itself: what in-place rewriting asks for.
    pub throw_away: bool,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Cluster {
    /// The same copy, reached through one of its readers.
    #[must_use]
    pub fn through(&self, reader: &Endpoint) -> Self {
        Self { host: reader.host.clone(), port: reader.port, ..self.clone() }
    }
}

/// Where one reader instance of a copy listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Endpoint {
    /// Instance identifier.
    pub id: String,
    /// Host name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

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
    /// The hashed originals to look for in what leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaks: Option<LeakScan>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
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
}

/// A column whose original values are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeakOrigin {
    /// `app.insureds.email`.
    pub column: String,
    /// The kind of its mask.
    pub mask: String,
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
    /// All rows.
    Full,
    /// Structure only.
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
    /// Table name, unquoted.
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
    /// The whole statement: columns, from, filter and the key's order put together.
    pub select: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One column of a table's SELECT.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ColumnPlan {
    /// Column name, unquoted.
    pub name: String,
    /// SQL over alias `t`: `` t.`id` ``, or the mask.
    pub expression: String,
    /// The mask's kind, if the column is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Whether original values are looked for in what leaves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scan: bool,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What one relation contributed to the closure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EdgeReport {
    /// `app.ratings(app_id)`.
    pub child: String,
    /// `app.applications(app_id)`.
    pub parent: String,
    /// `foreign-key`, `declared` or `inferred`.
    pub origin: String,
    /// Child rows that came along because their parent did.
    pub down_rows: u64,
    /// Parent rows that came along because a kept child refers to them.
    pub up_rows: u64,
    /// Kept child rows whose parent was already missing in the source.
    pub orphans: u64,
    /// Kept child rows whose parent exists in the source but was not kept. Must be zero.
    pub dangling: u64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The dump file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dump {
    /// File name: `NAME-20261123T020000Z.sql.gz`.
    pub name: String,
    /// Absolute path.
    pub path: String,
    /// File size.
    pub bytes: u64,
    /// Rows in all tables.
    pub rows: u64,
    /// The moment the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Timestamp>,
    /// Rows and digest of each table.
    pub tables: Vec<TableDigest>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Rows and digest of one table in a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TableDigest {
    /// Database of the table.
    pub database: String,
    /// Table name, unquoted.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Order-independent digest: sum modulo 2^128 of XXH3-128 of each row's tuple text, 32 hexadecimal digits.
    pub digest: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which dumps stayed and which went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rotation {
    /// Dumps that stay, newest first.
    pub kept: Vec<Verdict>,
    /// Dumps that were removed.
    pub removed: Vec<Verdict>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One dump and why it stays or goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Verdict {
    /// File name.
    pub name: String,
    /// For people: `newest`, `younger than 7 days`, …
    pub reason: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What happened to a developer's database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Refresh {
    /// Target name in `refresh.toml`.
    pub target: String,
    /// The database that was replaced.
    pub database: String,
    /// Where the old tables are: `<db>__previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// File name of the dump.
    pub dump: String,
    /// Branch or tag.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The commit that `ref` stood for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Migrations that ran, in order.
    pub migrations: Vec<Migration>,
    /// Rows that were loaded.
    pub rows: u64,
    /// Tables as they were loaded, verified against the manifest.
    pub tables: Vec<TableDigest>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One migration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Migration {
    /// File name, or the command.
    pub name: String,
    /// `applied`, `already-applied` or `failed`.
    pub status: String,
    /// How long it took.
    pub seconds: f64,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What kind of thing a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// A DB instance: deleted first.
    Instance,
    /// A DB cluster.
    Cluster,
    /// A manual cluster snapshot.
    ClusterSnapshot,
    /// A manual instance snapshot.
    InstanceSnapshot,
}

/// The kind of a resource as a document names it: one that this version knows, or the word of a newer one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyKind {
    /// This version can delete it.
    Known(ResourceKind),
    /// Carried untouched.
    Unknown(String),
}

impl From<ResourceKind> for AnyKind {
    fn from(kind: ResourceKind) -> Self {
        Self::Known(kind)
    }
}

impl PartialEq<ResourceKind> for AnyKind {
    fn eq(&self, other: &ResourceKind) -> bool {
        matches!(self, Self::Known(kind) if kind == other)
    }
}

/// Something this run created and owes a deletion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resource {
    /// What it is.
    pub kind: AnyKind,
    /// Its identifier.
    pub id: String,
    /// Its immutable id, once the service told us. Deletion asks for it to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// After this moment `rds-drop --expired` may remove it whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Resource {
    /// A resource with nothing known but its name.
    pub fn new(kind: ResourceKind, id: &str) -> Self {
        Self { kind: kind.into(), id: id.to_owned(), resource_id: None, expires_at: None, other: Map::new() }
    }

    /// Whether both name the same thing.
    pub fn same_as(&self, other: &Self) -> bool {
        self.kind == other.kind && self.id == other.id
    }
}

/// How a tool's part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// Done.
    Ok,
    /// Failed; the first failure is in `error`.
    Failed,
    /// Passed on, because the chain had already failed.
    Skipped,
}

/// What one tool did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The tool.
    pub tool: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// When it began to work (not when it began to wait for stdin).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// How long it worked.
    #[serde(default)]
    pub seconds: f64,
    /// How it ended.
    pub status: StepStatus,
    /// One line for people.
    #[serde(default)]
    pub note: String,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
