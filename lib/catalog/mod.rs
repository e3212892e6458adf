//! The structure of databases as plain data: tables, columns, indexes and real foreign keys.
//!
//! In: a session and the names of databases. Out: a [`Catalog`], read with a few queries of `information_schema` whatever the
//! number of tables. It has base tables only: views, routines, triggers and events hold no rows. Other questions to
//! `information_schema` are single queries (`listing`). This room also has the globs of refresh.toml, the choice of a table's
//! key, and the words that a name is made of.

mod glob;
mod listing;
mod naming;
mod read;
mod types;

pub use glob::{Fit, Pattern, Patterns, TablePattern, closer};
pub(crate) use listing::{
    CheckConstraint, base_tables, bodies, checks, columns, count_tables, create_table, has_database,
    has_table, known_databases, tables_beginning, tables_with_triggers, triggers, user_databases,
};
pub(crate) use naming::{singular, singulars, words};
pub(crate) use read::{indexes_of, views_of};
pub(crate) use types::identity;
pub use types::{Catalog, Column, Family, ForeignKey, Index, IndexPart, Table};
