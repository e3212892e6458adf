#![doc = include_str!("README.md")]
// rustfmt sorts adjacent `mod` lines, so a sentence between them keeps the order in which data walks through.

// What travels on the pipe, and how a tool fails.
pub mod document;

// What the person decided: refresh.toml, the environment, the flags.
pub mod config;

// What the person sees meanwhile, on stderr.
pub mod progress;

// What every room is handed: configuration, progress, cancellation, the journal.
pub mod house;

// The porch: argv and stdin in, stdout and an exit code out.
pub mod cli;

// The words of MySQL: connecting, quoting, error numbers.
pub mod mysql;

// The cloud: snapshot, wait, restore, drop; and the local stand-in for it.
pub mod rds;

// What the database is: tables, columns, keys, as plain data.
pub mod catalog;

// What must not leave: rules compiled to SQL expressions.
pub mod mask;

// Whether anything sensitive is left: keyed hashes of the originals, looked up word by word.
pub mod scan;

// Which rows come along: closure on key tables, then one SELECT a table.
pub mod plan;

// Rows to one gzip file of many members, and back.
pub mod dump;

// Which dumps stay.
pub mod rotate;

// The branch's SQL on the refreshed database.
pub mod migrate;

// A dump file to a developer's database: load, verify, migrate, swap.
pub mod restore;

// What a run did, for people and for monitors.
pub mod report;
