//! The manifest: what a dump file says about itself.
//!
//! In: facts about the dump from the dumper. Out: JSON inside SQL comments, in the last member before the trailer. Fields
//! are only ever added; a reader skips fields that it does not know. A change that an old reader would misread needs a
//! new [`FORMAT`]. The memory of lists is limited while they are read (`bounded.rs`).

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
    /// What the file's name begins with: `[dump] name`.
    pub name: String,
    /// The file's whole name. A signature is accepted only for a file of this name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Id of the run that wrote the dump: `run` of the document.
    pub run: String,
    /// When the writing of the dump began.
    pub created_at: Timestamp,
    /// The moment the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The snapshot that the data is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// True if `snapshot` is not the snapshot that the run asked for.
    pub fallback: bool,
    /// Hash of the rules of the dehydration (hexadecimal SHA-256); empty for a dump of whole databases.
    pub config_sha256: String,
    /// Server that was dumped: `mysql` or `mariadb`.
    pub engine: String,
    /// Version of that server, as `SELECT VERSION()` returns it.
    pub server_version: String,
    /// What was loaded as a proof before the dump was published: `schema`, `deep` (rows too), or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub proved: String,
    /// How the connections agreed on one state of the data.
    pub consistency: Consistency,
    /// Statements that a connection runs, in this order, before it loads rows or objects.
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
    /// Bytes of the longest statement in the file. `max_allowed_packet` of the target must not be smaller.
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
    /// No lock was taken, but by the server's counters no row changed and nothing was committed between the
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

/// What a table entry is: a base table or a sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// A base table, whose rows are in rows members.
    #[default]
    Table,
    /// A MariaDB sequence. It has no rows members; its state is set by the statements in `after`.
    Sequence,
}

/// One table. Its definition is split into what is run before its rows are loaded and what is run after.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableEntry {
    /// What the entry is: a table or a MariaDB sequence.
    pub kind: TableKind,
    /// Database of the table, unquoted.
    pub database: String,
    /// Name of the table, unquoted.
    pub table: String,
    /// `CREATE TABLE` without the database's name, and with only those keys that the table needs before its rows.
    pub create: String,
    /// The whole `SHOW CREATE TABLE` of the source, for a comparison after a restore.
    pub show_create: String,
    /// The columns that are inserted, unquoted, in the order of every `INSERT` of this table.
    #[serde(deserialize_with = "bounded::list")]
    pub columns: Vec<String>,
    /// Secondary keys, added after the rows: clauses of `ALTER TABLE`, such as ``ADD KEY `k` (`a`)``. The clauses of an
    /// inner list make one statement; the statements are run in the order of the lists.
    #[serde(deserialize_with = "bounded::lists")]
    pub indexes: Vec<Vec<String>>,
    /// Foreign keys, added after the rows and keys of all tables: clauses of `ALTER TABLE`.
    #[serde(deserialize_with = "bounded::list")]
    pub foreign_keys: Vec<String>,
    /// Statements that set a sequence's value, run in its database after the rows. Empty for a table.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::list")]
    pub after: Vec<String>,
    /// Number of the table's rows in the file.
    pub rows: u64,
    /// Digest of the rows: sum modulo 2^128 of XXH3-128 of each row's tuple text, 32 hexadecimal digits.
    pub digest: String,
    /// Bytes of the rows' SQL before compression.
    pub plain_bytes: u64,
    /// Bytes of the table's longest `INSERT`.
    pub statement_bytes_max: u64,
}

/// Kind of a stored object. Objects are created in the order of these variants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A stored function, created before views, which may call it.
    #[default]
    Function,
    /// A stored procedure, created after the functions.
    Procedure,
    /// A MariaDB package (Oracle mode).
    Package,
    /// The body of a MariaDB package.
    PackageBody,
    /// A view, created after the routines that it may call.
    View,
    /// A trigger, created after the rows, for which it must not fire, and after the routines that it may call.
    Trigger,
    /// A scheduled event, created after everything that it may use.
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
    /// The `CREATE` statement without the name of the object's database, with the DEFINER that `[dump] definer` leaves.
    /// It is run with that database as the default.
    pub create: String,
    /// Statements that are run right before `create`. They set what the object was created under: `sql_mode`, character
    /// set, collation, an event's time zone.
    #[serde(deserialize_with = "bounded::list")]
    pub session: Vec<String>,
    /// The definer in the source, `` `user`@`host` ``, if `[dump] definer = "keep"` also leaves it in `create`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definer: Option<String>,
    /// For a trigger: the table that it is on, unquoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// For a view: its column names, for a placeholder with the same columns.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::list")]
    pub columns: Vec<String>,
    /// The default collation of the database when the object was created, if the database has another one now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_collation: Option<String>,
    /// Character set of the client that created the object, if `create` is not ASCII: `create` is UTF-8 then, as `session` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    /// Session settings, databases, tables with the keys that are in `create`.
    Header,
    /// `INSERT`s of one table.
    #[default]
    Rows,
    /// The secondary keys of all tables and the values of sequences, then the foreign keys.
    Indexes,
    /// Routines, views, triggers, events.
    Objects,
    /// Statements that set the session back to what it was before the header.
    Footer,
    /// A kind that only a newer version knows. Its content is SQL too.
    #[serde(other)]
    Other,
}

/// One gzip member of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberEntry {
    /// What kind of SQL the member holds.
    pub kind: MemberKind,
    /// For a rows member: position of its table in `tables`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<usize>,
    /// Where the member begins in the file, in bytes.
    pub offset: u64,
    /// Length of the member in the file, in bytes.
    pub bytes: u64,
    /// Length of its SQL when decompressed, in bytes.
    pub plain_bytes: u64,
    /// For a rows member: number of rows in its `INSERT`s.
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
    /// Position of a table in `tables`.
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

    /// Checks that the members lie without gaps from 0 to `end`, and that each rows member names a table of `tables`.
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
