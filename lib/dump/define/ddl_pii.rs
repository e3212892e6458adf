//! Warns of personal data in definitions (DDL), which are never masked: defaults, comments and routines may hold what masks hide.
//!
//! In: the definitions of a planned dump. Out: one warning for each definition with something that looks like personal
//! data. The warning does not repeat the value.

use crate::archive::{Manifest, ObjectEntry, TableEntry};
use crate::mask;

pub(crate) fn warnings(manifest: &Manifest) -> Vec<String> {
    let table = |t: &TableEntry| warning(&format!("{}.{}", t.database, t.table), &t.show_create);
    let object = |o: &ObjectEntry| warning(&format!("{}.{}", o.database, o.name), &o.create);
    manifest.tables.iter().filter_map(table).chain(manifest.objects.iter().filter_map(object)).collect()
}

fn warning(label: &str, definition: &str) -> Option<String> {
    let what = mask::personal_in(definition)?;
    Some(format!(
        "the definition of {label} holds what looks like {what}: definitions are not masked, it is in the dump"
    ))
}
