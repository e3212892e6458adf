//! What the tables of the work schema are called: no other file spells one of these names.

use crate::sql::qualified;

/// The table by which we know our own schema again.
pub(super) const MARK: &str = "refreshkit";

/// The key of the masks.
pub(super) const MASK_KEY: &str = "mask_key";

/// The key of the scan.
pub(super) const SCAN_KEY: &str = "scan_key";

/// Name of the table that holds the hashed originals.
pub(crate) const ORIGINALS: &str = "originals";

/// Rows by which readers are seen to be up to date. The dump adds this one.
pub(super) const READER_MARKS: &str = "reader_marks";

/// Which plan the key tables are of, to the byte.
pub(super) const SEAL: &str = "plan_seal";

/// The commit record of a rewrite in place.
pub(super) const REWRITE: &str = "in_place";

/// What a rewrite has to put back, table by table.
pub(super) const REWRITE_TABLES: &str = "in_place_tables";

/// An empty table of the structure of another, on which masked rows are tried.
const TRIAL: &str = "trial";

/// What names of key tables begin with.
pub(super) const KEYS: &str = "k_";

/// The kept rows of the table with this number in the catalog: `` `refreshkit_work`.`k_7` ``.
pub(crate) fn keys(schema: &str, table: usize) -> String {
    qualified(schema, &format!("{KEYS}{table}"))
}

/// The rows that are taken back along the relation with this number: `` `refreshkit_work`.`d_3` ``.
pub(crate) fn dropped_keys(schema: &str, edge: usize) -> String {
    qualified(schema, &format!("d_{edge}"))
}

/// Qualified name of the table in which masked rows are tried.
pub(crate) fn trial(schema: &str) -> String {
    qualified(schema, TRIAL)
}
