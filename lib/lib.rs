#![doc = include_str!("README.md")]
// rustfmt sorts adjacent `mod` lines. A comment between them keeps the order in which data flows through the rooms.

// Text from outside before people see it: hides passwords, shows control characters. The only way to stderr.
pub mod outlet;

// The document that travels on the pipe, the journal, and how a tool fails.
pub mod document;

// Progress on stderr while a tool works.
pub mod progress;

// Settings: refresh.toml and the environment.
pub mod config;

// The value that every room receives: configuration, progress, cancellation, keys, the journal.
pub mod house;

// SQL as text, without a connection: tokens, statements, tuples, quoting.
pub mod sql;

// Connecting to a server, the session, rows off the socket.
pub mod mysql;

// The client of the AWS SDK, secrets, IAM tokens, and the RDS server behind an address.
pub mod aws;

// Real mysqld and mariadbd processes on this machine.
pub mod engine;

// Whether the copy that a document names is ours, by the token, the journal, the service or a person's word.
pub mod claim;

// RDS: snapshot, wait, restore, drop.
#[cfg(feature = "aws")]
pub mod rds;

// A stand-in for RDS on this host: an RDS endpoint in front of real servers.
pub mod rds_local;

// The structure of databases as plain data: tables, columns, keys.
pub mod catalog;

// Masks: the rules of `[mask]`, compiled to SQL expressions.
pub mod mask;

// The search for originals in a dump: keyed hashes, looked up word by word.
pub mod scan;

// The work schema on the copy, from `mydehydrate` to `mydump-rotate`: key tables, keys, hashed originals, marks.
pub mod work_schema;

// Which rows are kept: the closure in key tables, then one SELECT a table.
pub mod plan;

// The dump file and the directory of dumps.
pub mod archive;

// A table's rows as tuples of SQL text, and their digest.
pub mod rows;

// One dump from beginning to end: rows to one gzip file of many members.
pub mod dump;

// Tests as JUnit XML.
pub mod junit;

// The branch's SQL on the refreshed database.
pub mod migrate;

// Reports of a run, for people and for monitors.
pub mod report;

// A dump file to a developer's database: load, verify, migrate, swap.
pub mod restore;

// A target that is a server of its own on this host: templates, copies of them, the switch.
pub mod instance;

// Which dumps are kept and which are deleted.
pub mod rotate;

// The porch: reads argv and stdin, writes stdout and gives the exit code.
pub mod cli;
