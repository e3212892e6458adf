//! Resolves the rules of refresh.toml against the catalog: relations, classes, masks. No row is read.
//!
//! In: the catalog and `refresh.toml`. Out: a `Blueprint`, which every other wing works from.
//!
//! `relations` finds each `Edge`, `comparable` refuses those whose ends cannot be compared, `cast` has the SQL that makes ends
//! comparable, `access` says whether an index helps; `classes` decides the class of each table, `reach` finds the tables that
//! relations reach; `reading` holds what the wing `read` finds.

pub(super) mod access;
pub(super) mod blueprint;
pub(super) mod cast;
pub(super) mod classes;
pub(super) mod comparable;
pub(super) mod edge;
pub(super) mod names;
pub(super) mod nullable;
pub(super) mod reach;
pub(super) mod reading;
pub(super) mod relations;
