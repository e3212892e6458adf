//! A whole refresh.toml for a schema that nobody knows yet, and what a changed schema adds to one that there is.
//!
//! In: a server, databases. Out: TOML in which each line has its evidence, and what a person has to decide is marked `# decide:`. The
//! server is only read.
//!
//! `begin` finds out what is there; `roots`, `shares` (which tables come whole or empty), `links` (relations) and `masks` decide, each
//! a section; `settle` holds the text against the rules that a night holds it against and takes out what they refuse; `draft` writes a new
//! file, `update` adds to one; `endings` keeps the ends of its lines; `file` puts it on disk.

pub(super) mod begin;
pub(super) mod draft;
pub(super) mod endings;
mod file;
pub(super) mod links;
pub(super) mod masks;
pub(super) mod roots;
pub(super) mod settle;
pub(super) mod shares;
pub(super) mod texts;
pub(super) mod update;
