//! Removes templates whose dumps are gone.

use std::collections::BTreeSet;
use std::fs;

use super::Template;
use super::facts::{dumps_of, facts_of, id_of};
use crate::archive;
use crate::engine::ServerProgram;
use crate::house::House;
use crate::instance::error::Error;
use crate::instance::home::{InstanceHome, Lock, TargetPlace, remove};
use crate::instance::target::InstanceTarget;

/// Removes templates whose dump is gone from the directory of dumps, those of a server version that no target uses any more, and
/// what killed runs left. The `held` template stays, and so does any that a run copies or bakes.
pub(crate) fn rotate(house: &House, home: &InstanceHome, held: &Template) -> Result<(), Error> {
    // Without a directory of dumps nothing is removed: every dump may still exist.
    let Some(directory) = dumps_of(house) else { return Ok(()) };
    let used = programs_in_use(house, home)?;
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
                let known = facts.dumps.as_ref() == Some(&directory);
                let other = facts.program.brand == held.facts.program.brand
                    && !used.iter().any(|used| same(used, &facts.program))
                    && !same(&held.facts.program, &facts.program);
                path != held.directory && (known && !dumps.contains(&facts.dump) || other)
            }
            // No complete template, and its lock is free: a killed run left it.
            _ => true,
        };
        if goes {
            crate::engine::stop(&crate::engine::data_in(&path))?;
            // `template.json` is removed first, so that half a template is never taken for a complete one.
            let _ = fs::remove_file(path.join("template.json"));
            remove(&path)?;
            house.progress.say(&format!("removed the template {file}"));
        }
    }
    Ok(())
}

/// Returns the server programs of all targets, and those with which the generations here were made.
fn programs_in_use(house: &House, home: &InstanceHome) -> Result<Vec<ServerProgram>, Error> {
    let configured = InstanceTarget::sections(&house.config);
    let paths = configured.map(|(_, settings)| settings.program.as_ref().map(std::path::PathBuf::from));
    let mut used: Vec<ServerProgram> =
        paths.filter_map(|path| ServerProgram::find(path.as_deref(), None).ok()).collect();
    for name in home.targets()? {
        let generations = TargetPlace::look(home, &name)?.state.generations;
        used.extend(generations.into_values().map(|generation| generation.program));
    }
    Ok(used)
}

fn same(one: &ServerProgram, other: &ServerProgram) -> bool {
    one.brand == other.brand && one.version == other.version
}
