//! Writes a dump's SQL for a database of another name. The file itself names its database, and replaces that one whichever
//! database the client was given.
//!
//! In: a dump of one database, the new name. Out: the SQL of all its members, in their order, with that name in it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::define::script;
use super::error::Error;
use crate::archive::{self, DumpFile, FileAction, Manifest, MemberKind};
use crate::sql::{Mode, requalify};

/// Most characters of a database's name.
const NAME_CHARACTERS_MAX: usize = 64;

/// Writes the SQL of a dump for a database that is called `name`.
pub fn write_as(dump: &DumpFile, name: &str, out: &mut dyn Write) -> Result<(), Error> {
    let manifest = renamed(dump.manifest(), name).map_err(Error::NotThere)?;
    let written = |outcome: io::Result<()>| {
        outcome.map_err(archive::Error::file(FileAction::Read, dump.path())).map_err(Error::from)
    };
    written(out.write_all(script::header(&manifest).text()))?;
    for position in 0..manifest.members.len() {
        if manifest.members[position].kind == MemberKind::Rows {
            written(io::copy(&mut dump.member(position)?, out).map(drop))?;
        }
    }
    for script in [script::indexes(&manifest), script::objects(&manifest), script::footer()] {
        written(out.write_all(script.text()))?;
    }
    Ok(())
}

/// Returns the manifest with another database name. Fails for several databases and for an impossible name.
fn renamed(manifest: &Manifest, name: &str) -> Result<Manifest, String> {
    let [database] = &manifest.databases[..] else {
        let all: Vec<&str> = manifest.databases.iter().map(|database| database.name.as_str()).collect();
        return Err(format!("a dump of several databases ({}) cannot be given one name", all.join(", ")));
    };
    let is_name = !name.is_empty()
        && name.chars().count() <= NAME_CHARACTERS_MAX
        && !name.contains('\0')
        && !name.ends_with(' ');
    if !is_name {
        return Err(format!("no database can be called {name:?}"));
    }
    let from = database.name.clone();
    let tables = manifest.tables.iter().map(|table| table.table.clone());
    let known: BTreeSet<String> =
        tables.chain(manifest.objects.iter().map(|object| object.name.clone())).collect();
    let mut other = manifest.clone();
    other.databases.iter_mut().for_each(|entry| name.clone_into(&mut entry.name));
    for table in &mut other.tables {
        name.clone_into(&mut table.database);
    }
    for object in &mut other.objects {
        name.clone_into(&mut object.database);
        object.create = requalify(&object.create, &from, name, &known, Mode::set_by(&object.session));
    }
    Ok(other)
}
