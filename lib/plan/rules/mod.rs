//! What the person decided, resolved against the catalog: relations, classes, masks. No row is looked at.
//!
//! In: the catalog and `refresh.toml`. Out: a `Blueprint`, which every other wing works from.
//!
//! `relations` finds each `Edge`, `comparable` refuses those whose ends cannot be compared, `cast` is the SQL that makes them
//! so, `access` says whether an index helps; `classes` says what happens to each table, `reach` which tables any row can come from;
//! `reading` is what the wing `read` finds.

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
