//! The manifest: what a dump file says about itself.
//!
//! In: what the dumper wrote. Out: JSON inside SQL comments, in the last member of the file. Fields are only ever
//! added; a reader passes over those it does not know. A change that an old reader would get wrong is a new
//! [`FORMAT`]. Lists are bounded while they are read (`bounded.rs`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bounded;

/// Name and major version of the format.
pub const FORMAT: &str = "refreshkit-dump/1";

/// What a dump file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Name and version of the file format: always [`FORMAT`].
    pub format: String,
    /// Version of refreshkit that wrote the file.
    pub tool_version: String,
    /// What the file's name begins with.
    pub name: String,
    /// The file's name: a signature is for the file that is called so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The chain that wrote it.
    pub run: String,
    /// When the dump was begun.
    pub created_at: Timestamp,
    /// The moment the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The snapshot that the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// True if that is not the snapshot that the run asked for.
    pub fallback: bool,
    /// Hash of the rules of the dehydration (hexadecimal SHA-256); empty for a whole dump.
    pub config_sha256: String,
    /// Server that was dumped: `mysql` or `mariadb`.
    pub engine: String,
    /// As `SELECT VERSION()` says.
    pub server_version: String,
    /// What of it was loaded somewhere before it was published: `schema`, `deep`, or nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub proved: String,
    /// How the connections agreed on one state of the data.
    pub consistency: Consistency,
    /// What a connection that loads rows or objects must run first, in order.
    #[serde(deserialize_with = "bounded::list")]
    pub session: Vec<String>,
    /// Databases, in the order of the header.
    #[serde(deserialize_with = "bounded::list")]
    pub databases: Vec<DatabaseEntry>,
    /// Tables, in the order of the header. Members refer to them by position.
    #[serde(deserialize_with = "bounded::list")]
    pub tables: Vec<TableEntry>,
    /// Routines, views, triggers, events, in an order in which they can be created.
    #[serde(deserialize_with = "bounded::list")]
    pub objects: Vec<ObjectEntry>,
    /// The members of the file before the manifest's own, by offset, without gaps.
    #[serde(deserialize_with = "bounded::list")]
    pub members: Vec<MemberEntry>,
    /// Rows in all tables.
    pub rows: u64,
    /// Bytes of SQL in all members before compression.
    pub plain_bytes: u64,
    /// The longest statement in the file: `max_allowed_packet` of the target must not be smaller.
    pub statement_bytes_max: u64,
    /// What a person should know, such as a view that was broken in the source.
    #[serde(deserialize_with = "bounded::list")]
    pub warnings: Vec<String>,
}

/// How the connections agreed on one state of the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// The tables were locked for reading while the transactions began.
    Locked,
    /// Without a lock, but the server's counters say that no row changed and nothing was committed between the
    /// beginnings of the first and the last transaction.
    Quiet,
    /// The transactions began one after the other while somebody may have written.
    #[default]
    Unlocked,
}

/// One database of the dump, with the defaults that its tables inherit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseEntry {
    /// Name of the database, unquoted.
    pub name: String,
    /// Default character set of the database.
    pub charset: String,
    /// Default collation of the database.
    pub collation: String,
}

/// What stands behind a name that rows can be read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// A base table, whose rows are in rows members.
    #[default]
    Table,
    /// A MariaDB sequence. It has no rows members; its state is set by the statements in `after`.
    Sequence,
}

/// One table: its definition cut into what comes before and what comes after the rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableEntry {
    /// What the entry is: a table or a MariaDB sequence.
    pub kind: TableKind,
    /// Database of the table, unquoted.
    pub database: String,
    /// Name of the table, unquoted.
    pub table: String,
    /// `CREATE TABLE` without the table's database, with the primary key and the key that `AUTO_INCREMENT` needs only.
    pub create: String,
    /// The whole `SHOW CREATE TABLE`, to compare with after a restore.
    pub show_create: String,
    /// The columns that are inserted, unquoted, in the order of every `INSERT` of this table.
    #[serde(deserialize_with = "bounded::list")]
    pub columns: Vec<String>,
    /// Secondary keys for after the rows: clauses of `ALTER TABLE`, such as ``ADD KEY `k` (`a`)``. Clauses of one
    /// inner list go into one statement; the lists are applied in order.
    #[serde(deserialize_with = "bounded::lists")]
    pub indexes: Vec<Vec<String>>,
    /// Foreign keys for after all tables' rows and keys: clauses of `ALTER TABLE`.
    #[serde(deserialize_with = "bounded::list")]
    pub foreign_keys: Vec<String>,
    /// Whole statements for after the rows, in the table's database (a sequence's value).
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::list")]
    pub after: Vec<String>,
    /// Rows in the file.
    pub rows: u64,
    /// Digest of the rows: sum modulo 2^128 of XXH3-128 of each row's tuple text, 32 hexadecimal digits.
    pub digest: String,
    /// Bytes of SQL of the rows.
    pub plain_bytes: u64,
    /// The longest `INSERT` of the table.
    pub statement_bytes_max: u64,
}

/// What kind of thing a stored object is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A stored function: before views, which may call it.
    #[default]
    Function,
    /// A stored procedure: after functions, which come first.
    Procedure,
    /// A MariaDB package (Oracle mode).
    Package,
    /// The body of a MariaDB package.
    PackageBody,
    /// A view: after the routines that it may call.
    View,
    /// A trigger: after the tables' rows, for which it must not fire, and after what it may call.
    Trigger,
    /// A scheduled event: after everything that it may use.
    Event,
}

/// One routine, view, trigger or event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectEntry {
    /// What kind of object it is.
    pub kind: ObjectKind,
    /// Database of the object, unquoted.
    pub database: String,
    /// Name of the object, unquoted.
    pub name: String,
    /// The `CREATE` statement without the object's own database in it and with the DEFINER that the policy left.
    /// To be run with that database as the default.
    pub create: String,
    /// The statements that set what the object was created under (`sql_mode`, character set, collation, an event's
    /// time zone), to be run right before `create`.
    #[serde(deserialize_with = "bounded::list")]
    pub session: Vec<String>,
    /// Who defined it in the source, `` `user`@`host` ``, if `[dump] definer = "keep"` leaves it in the statement too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definer: Option<String>,
    /// For a trigger: the table that it is on, unquoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The view's column names, for a placeholder of the same shape.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::list")]
    pub columns: Vec<String>,
    /// The collation that the database had when the object was created, where it is another one now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_collation: Option<String>,
    /// The character set of the client that made it, where `create` is not ASCII and so is in another one: `session` says UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    /// Session settings, databases, tables with their first keys.
    Header,
    /// `INSERT`s of one table.
    #[default]
    Rows,
    /// The secondary keys of all tables, then the foreign keys.
    Indexes,
    /// Routines, views, triggers, events.
    Objects,
    /// The session settings as they were before.
    Footer,
    /// Something of a newer version: SQL like the rest.
    #[serde(other)]
    Other,
}

/// One gzip member of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberEntry {
    /// What kind of SQL the member holds.
    pub kind: MemberKind,
    /// Position in `tables` (rows members).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<usize>,
    /// Where the member begins in the file, in bytes.
    pub offset: u64,
    /// Length of the member in the file, in bytes.
    pub bytes: u64,
    /// Length of its SQL when decompressed, in bytes.
    pub plain_bytes: u64,
    /// Rows that its `INSERT`s make (rows members).
    #[serde(skip_serializing_if = "is_zero")]
    pub rows: u64,
    /// SHA-256 of the compressed bytes, hexadecimal.
    pub sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(rows: &u64) -> bool {
    *rows == 0
}

impl Manifest {
    /// The position of a table.
    pub fn position(&self, database: &str, table: &str) -> Option<usize> {
        self.tables.iter().position(|entry| entry.database == database && entry.table == table)
    }

    /// The positions of the members that hold a table's rows.
    pub fn members_of(&self, table: usize) -> impl Iterator<Item = usize> + '_ {
        let found = self.members.iter().enumerate();
        found
            .filter(move |(_, member)| member.kind == MemberKind::Rows && member.table == Some(table))
            .map(|(i, _)| i)
    }

    /// Whether the members lie one after the other from 0 to `end` and name only tables that are there.
    pub(crate) fn check_layout(&self, end: u64) -> Result<(), String> {
        let mut expected = 0u64;
        for (i, member) in self.members.iter().enumerate() {
            if member.offset != expected || member.bytes == 0 {
                return Err(format!("member {i} does not begin where the one before it ends"));
            }
            if member.kind == MemberKind::Rows && member.table.is_none_or(|table| table >= self.tables.len())
            {
                return Err(format!("member {i} names a table that is not there"));
            }
            expected = expected.checked_add(member.bytes).ok_or("the members are longer than any file")?;
        }
        if expected == end { Ok(()) } else { Err("the members do not fill the file".to_owned()) }
    }
}
