//! Which templates go: they stay as long as their dumps.

use std::collections::BTreeSet;
use std::fs;

use super::Template;
use super::facts::{facts_of, id_of};
use crate::archive::{self, Purpose};
use crate::house::House;
use crate::instance::error::Error;
use crate::instance::home::{Home, Lock, remove};

/// Removes templates whose dump is rotated away, those of another version of the same server, and what dead runs left. The
/// one that is held stays, whatever is true of it, and so does each that somebody copies.
pub(crate) fn rotate(house: &House, home: &Home, held: &Template) -> Result<(), Error> {
    // Where there is no directory to go by, every dump may still be there.
    let Ok(directory) = archive::directory(&house.config, None, Purpose::Reading) else { return Ok(()) };
    let dumps: BTreeSet<String> =
        archive::candidates(&directory, None)?.into_iter().map(|candidate| candidate.file).collect();
    let folder = home.root.join("templates");
    for entry in fs::read_dir(&folder).map_err(Error::file("read", &folder))?.flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let id = file.strip_prefix('.').map_or_else(|| id_of(&file), str::to_owned);
        let Some(_alone) = Lock::of_unused_template(home, &id)? else { continue };
        let path = entry.path();
        let goes = match facts_of(&path)? {
            Some(facts) if !file.starts_with('.') => {
                let other = facts.program.brand == held.facts.program.brand
                    && facts.program.version != held.facts.program.version;
                path != held.directory && (!dumps.contains(&facts.dump) || other)
            }
            // Its lock is free, so nobody is at work in it.
            _ => true,
        };
        if goes {
            crate::engine::stop(&crate::engine::data_in(&path));
            // First what says that it is whole.
            let _ = fs::remove_file(path.join("template.json"));
            remove(&path)?;
            house.progress.say(&format!("removed the template {file}"));
        }
    }
    Ok(())
}
