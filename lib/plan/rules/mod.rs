//! What the person decided, resolved against the catalog: relations, classes, columns. No row is looked at.

pub(super) mod access;
pub(super) mod blueprint;
pub(super) mod cast;
pub(super) mod classes;
pub(super) mod names;
pub(super) mod reach;
pub(super) mod relations;
