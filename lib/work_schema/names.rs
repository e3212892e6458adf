//! The names of the work schema's tables. No other file spells one of them.

use crate::sql::qualified;

/// Name of the table that marks the schema as ours.
pub(super) const MARK: &str = "refreshkit";

/// Name of the table with the masks' key.
pub(super) const MASK_KEY: &str = "mask_key";

/// Name of the table with the scan's key.
pub(super) const SCAN_KEY: &str = "scan_key";

/// Name of the table that holds the hashed originals.
pub(crate) const ORIGINALS: &str = "originals";

/// Name of the table with the marks of readers. The dump adds this table.
pub(super) const READER_MARKS: &str = "reader_marks";

/// Name of the table with the hash of the plan that the key tables are of.
pub(super) const SEAL: &str = "plan_seal";

/// Name of the table with the commit record of a rewrite in place.
pub(super) const REWRITE: &str = "in_place";

/// Name of the table with what a rewrite has to put back, table by table.
pub(super) const REWRITE_TABLES: &str = "in_place_tables";

/// Name of the table on which masked rows are tried: an empty table with the structure of another.
const TRIAL: &str = "trial";

/// What the names of key tables begin with.
pub(super) const KEYS: &str = "k_";

/// Returns the name of the key table of the table with this number in the catalog: `` `refreshkit_work`.`k_7` ``.
pub(crate) fn keys(schema: &str, table: usize) -> String {
    qualified(schema, &format!("{KEYS}{table}"))
}

/// Returns the name of the table with the rows taken back along the relation with this number: `` `refreshkit_work`.`d_3` ``.
pub(crate) fn dropped_keys(schema: &str, edge: usize) -> String {
    qualified(schema, &format!("d_{edge}"))
}

/// Returns the name of the table on which masked rows are tried.
pub(crate) fn trial(schema: &str) -> String {
    qualified(schema, TRIAL)
}
