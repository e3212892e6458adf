//! Whether a dump restores: its schema, or all of it, is loaded before it is published, where nobody else works.
//!
//! ```text
//! schema   tables, keys, objects without rows, once the rows are read. A view that cannot be made is left out with a warning
//! deep     the same, and then the finished file with its rows, compared with the manifest
//! where    a scratch server of the same kind on this host, started while rows are read;
//!          else databases of our own on the throw-away copy; else nowhere, with a warning: never on a server that lives on
//! ```
//!
//! In: the manifest, `[dump] prove`. Out: the manifest without the views that could not be restored; an error if something else
//! could not be.

mod ground;
mod load;

pub(super) use ground::{Beginning, Ground};
pub use load::restores;

use super::error::Error;
use crate::archive::{DumpFile, Manifest, ObjectKind};
use crate::config::Prove;
use crate::house::House;
use load::Proof;

/// Loads the schema. What of it cannot be restored is left out if it is a view, and is an error otherwise.
pub(super) fn schema(house: &House, manifest: &mut Manifest, ground: &Ground) -> Result<(), Error> {
    let Some(server) = ground.server() else { return Ok(()) };
    let task = house.progress.start("proving that it restores", None, crate::progress::Unit::Rows);
    let broken = load::schema(house, manifest, &server, ground.is_ours())?;
    drop(task);
    for Proof { object, why } in broken {
        let said = format!("{}.{} cannot be restored: {why}", object.database, object.name);
        if object.kind != ObjectKind::View {
            return Err(Error::NotRestorable { what: said });
        }
        let warning = format!("view {said}: left out");
        house.progress.warn(&warning);
        manifest.warnings.push(warning);
        manifest.objects.retain(|entry| {
            (entry.kind, &entry.database, &entry.name) != (object.kind, &object.database, &object.name)
        });
    }
    // If the rows cannot be loaded either, nothing is published.
    let proved = if house.config.dump.prove == Prove::Deep { "deep" } else { "schema" };
    proved.clone_into(&mut manifest.proved);
    Ok(())
}

/// Loads the finished file, if that is asked for.
pub(super) fn whole(house: &House, dump: &DumpFile, ground: &Ground) -> Result<(), Error> {
    match ground.server() {
        Some(server) if house.config.dump.prove == Prove::Deep => restores(house, dump, &server),
        _ => Ok(()),
    }
}
