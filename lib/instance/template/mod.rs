//! Templates: a dump, loaded and verified once, as the data directory of a server that was stopped in order.
//!
//! In: a chosen dump, a server program. Out: a [`Template`], which nobody removes while it is held. A template is complete or
//! does not exist, since a rename gives it its name. For another server version, or another [`FORMAT`], it has another name: it
//! is baked anew, never upgraded.

mod bake;
mod facts;
mod rotate;

use std::path::PathBuf;

use super::error::Error;
use super::home::{InstanceHome, Lock};
use crate::engine::{self, ServerProgram};
use crate::house::House;
use crate::restore::ChosenDump;
use facts::{TemplateFacts, facts_of, id_of, identity};

pub(crate) use rotate::rotate;

/// Version of the way in which templates are made. Raise it when that changes: then all are baked anew.
const FORMAT: u32 = 1;

/// A template, locked against removal until this is dropped.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) directory: PathBuf,
    pub(crate) facts: TemplateFacts,
    /// True when this call baked it.
    pub(crate) fresh: bool,
    _lock: Lock,
}

/// Finds the template of a dump, or bakes it. Of two runs at once, one bakes and the other waits.
pub(crate) fn template_of(
    house: &House,
    home: &InstanceHome,
    program: &ServerProgram,
    dump: &ChosenDump,
) -> Result<Template, Error> {
    let key = key(dump, program);
    let id = id_of(&key);
    let directory = home.root.join("templates").join(&key);
    let mut fresh = false;
    loop {
        let lock = Lock::of_template(house, home, &id, false)?;
        if let Some(facts) = facts_of(&directory)? {
            return Ok(Template { directory, facts, fresh, _lock: lock });
        }
        drop(lock);
        let _alone = Lock::of_template(house, home, &id, true)?;
        if facts_of(&directory)?.is_none() {
            bake::bake(house, home, program, dump, &directory)?;
            fresh = true;
        }
    }
}

/// True when the template of a dump exists already.
pub(crate) fn is_baked(
    home: &InstanceHome,
    program: &ServerProgram,
    dump: &ChosenDump,
) -> Result<bool, Error> {
    Ok(facts_of(&home.root.join("templates").join(key(dump, program)))?.is_some())
}

impl Template {
    /// Path of the template's data directory.
    pub(crate) fn data(&self) -> PathBuf {
        engine::data_in(&self.directory)
    }
}

/// The name of a template's directory: `app-20261122T020000Z-0a1b2c3d4e5f-mariadb-10.11.14-1`.
fn key(dump: &ChosenDump, program: &ServerProgram) -> String {
    let name = dump.section().name;
    let name: String =
        name.trim_end_matches(".sql.gz").chars().filter(|c| crate::archive::is_file_letter(*c)).collect();
    let id = &identity(dump)[..12];
    format!("{}-{id}-{}-{}-{FORMAT}", name.trim_start_matches('.'), program.brand.word(), program.version)
}
