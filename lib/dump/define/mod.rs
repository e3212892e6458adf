//! Definitions of tables and objects, in a form that can be restored on other servers and under other names.

pub(super) mod create;
pub(super) mod ddl_pii;
pub(super) mod facts;
pub(super) mod objects;
pub(super) mod rewrite;
pub(super) mod schema;
pub(super) mod script;
