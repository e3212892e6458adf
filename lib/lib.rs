#![doc = include_str!("README.md")]
// rustfmt sorts adjacent `mod` lines, so a sentence between them keeps the order in which data walks through.

// Foreign words on their way to people: passwords and control characters, and the one way to stderr.
pub mod outlet;

// What travels on the pipe, and how a tool fails.
pub mod document;

// What the person sees meanwhile, on stderr.
pub mod progress;

// What the person decided: refresh.toml, the environment, the flags.
pub mod config;

// What every room is handed: configuration, progress, cancellation, keys, the journal.
pub mod house;

// SQL as text, without a connection: tokens, statements, tuples, quoting.
pub mod sql;

// Connecting to a server, the session, rows off the socket.
pub mod mysql;

// The SDK's client, secrets, IAM tokens, and who owns an address.
pub mod aws;

// Real mysqld and mariadbd processes on this machine.
pub mod engine;

// Whether a document's copy is ours: token, journal, service, or a person's word.
pub mod claim;

// The cloud: snapshot, wait, restore, drop.
#[cfg(feature = "aws")]
pub mod rds;

// The stand-in for the cloud: an RDS endpoint in front of real servers.
pub mod rds_local;

// What a database is: tables, columns, keys, as plain data.
pub mod catalog;

// What must not leave: rules compiled to SQL expressions.
pub mod mask;

// Whether anything sensitive is left: keyed hashes of the originals, looked up word by word.
pub mod scan;

// What is kept on the copy between the two tools: key tables, keys, originals, marks.
pub mod work_schema;

// Which rows come along: closure on key tables, then one SELECT a table.
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

// What a run did, for people and for monitors.
pub mod report;

// A dump file to a developer's database: load, verify, migrate, swap.
pub mod restore;

// A target that is a server of its own on this host: templates, copies of them, the switch.
pub mod instance;

// Which dumps stay.
pub mod rotate;

// The porch: argv and stdin in, stdout and an exit code out.
pub mod cli;
