//! What is written beside the rows: definitions of tables and objects, made fit to be restored anywhere.

pub(super) mod create;
pub(super) mod ddl_pii;
pub(super) mod facts;
pub(super) mod objects;
pub(super) mod rewrite;
pub(super) mod schema;
pub(super) mod script;
