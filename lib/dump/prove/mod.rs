//! Proves that a dump restores: its schema, or all of it, is loaded before it is published, where nobody else works.
//!
//! ```text
//! schema   tables, keys, objects without rows, once the rows are read. A view that cannot be made is left out with a warning
//! deep     as schema, and then the finished file with its rows, which are compared with the manifest
//! where    a scratch server of the same kind and version on this host, started while rows are read;
//!          else scratch databases on the throw-away copy; else nowhere, with a warning: never on a server in use
//! ```
//!
//! In: the manifest, `[dump] prove`. Out: the manifest without the views that could not be restored; an error if a routine, a
//! trigger, an event or a row could not be. Any other failure says nothing about the dump: it stays unproved, with a warning.

mod folder;
mod ground;
mod load;

pub(super) use ground::{Beginning, ProofServer};
pub use load::restores;

use super::error::Error;
use crate::archive::{DumpFile, Manifest};
use crate::config::Prove;
use crate::document::{Interrupted, chain};
use crate::house::House;
use load::Proof;

/// Value of `proved` in the manifest of a dump whose schema was loaded.
const SCHEMA: &str = "schema";
/// Value of `proved` in the manifest of a dump whose rows were loaded too.
const DEEP: &str = "deep";

/// Loads the schema. Leaves a view that cannot be restored out of the manifest; fails for any other object.
pub(super) fn schema(house: &House, manifest: &mut Manifest, ground: &ProofServer) -> Result<(), Error> {
    let Some(server) = ground.server() else { return Ok(()) };
    let task = house.progress.start("proving that it restores", None, crate::progress::Unit::Rows);
    let found = load::schema(house, manifest, &server, ground.is_ours());
    drop(task);
    let broken = match found {
        Ok(broken) => broken,
        Err(error) => return not_proved(house, manifest, error),
    };
    for Proof { object, why } in broken {
        let said = format!("{}.{} cannot be restored: {why}", object.database, object.name);
        warn(house, manifest, format!("view {said}: left out"));
        manifest.objects.retain(|entry| {
            (entry.kind, &entry.database, &entry.name) != (object.kind, &object.database, &object.name)
        });
    }
    // `deep` is a promise here: if the rows cannot be loaded later, the manifest is written again.
    let proved = if house.config.dump.prove == Prove::Deep { DEEP } else { SCHEMA };
    proved.clone_into(&mut manifest.proved);
    Ok(())
}

/// Loads the finished file with its rows, if the manifest says `deep`. Returns false if the load could not be tried to its end:
/// the caller must then write the manifest again, without `deep`.
pub(super) fn whole(
    house: &House,
    manifest: &mut Manifest,
    dump: &DumpFile,
    ground: &ProofServer,
) -> Result<bool, Error> {
    let Some(server) = ground.server().filter(|_| manifest.proved == DEEP) else { return Ok(true) };
    match restores(house, dump, &server) {
        Ok(()) => Ok(true),
        Err(Error::Server(error)) if load::is_about_rows(&error) => {
            Err(Error::NotRestorable { what: chain(&error) })
        }
        Err(error) => {
            not_proved(house, manifest, error)?;
            SCHEMA.clone_into(&mut manifest.proved);
            Ok(false)
        }
    }
}

/// Turns an error that says nothing about the dump into a warning. Returns an interruption and an error of the dump itself.
fn not_proved(house: &House, manifest: &mut Manifest, error: Error) -> Result<(), Error> {
    house.cancel.check().map_err(|interrupted: Interrupted| Error::from(interrupted))?;
    match error {
        Error::Interrupted(_) | Error::NotRestorable { .. } | Error::Archive(_) | Error::Rows(_) => {
            Err(error)
        }
        error => {
            warn(
                house,
                manifest,
                format!("not proved: whether the dump restores is not known: {}", chain(&error)),
            );
            Ok(())
        }
    }
}

fn warn(house: &House, manifest: &mut Manifest, warning: String) {
    house.progress.warn(&warning);
    manifest.warnings.push(warning);
}
