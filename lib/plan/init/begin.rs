//! What is there: the databases and their tables.
//!
//! In: the server, the databases that were named. Out: a session, a catalog.

use crate::catalog::{self, Catalog};
use crate::config::Config;
use crate::house::House;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::options::Options;
use crate::plan::place::SourceServer;

/// Schemas of ours and copies that a refresh leaves behind: nobody means them.
const OURS: [&str; 3] = ["refreshkit_", "__refresh", "__previous"];

/// What a configuration is written for: a server, its databases and their tables.
pub(crate) struct InitInputs {
    /// The connection to the server.
    pub(crate) session: Session,
    /// The login as `user@host`, for people.
    pub(crate) label: String,
    /// Names of the databases that come along.
    pub(crate) databases: Vec<String>,
    /// Whether a person named them.
    pub(crate) named: bool,
    /// Their tables, with columns and keys.
    pub(crate) catalog: Catalog,
}

/// Looks. `databases`: those of the flag; else those of the configuration, else all that the login sees.
pub(crate) fn look(
    house: &House,
    config: &Config,
    options: &Options,
    databases: &[String],
) -> Result<InitInputs, Error> {
    let place = SourceServer::to_look_at(house, config, options)?;
    let mut session = place.connect()?;
    let said = if databases.is_empty() { &place.databases } else { databases };
    let named = !said.is_empty();
    let databases = if named { said.to_vec() } else { seen(&mut session)? };
    if databases.is_empty() {
        return Err(Error::NoDatabases);
    }
    let known = catalog::known_databases(&mut session, &databases)?;
    if let Some(missing) = databases.iter().find(|name| !known.contains(name)) {
        return Err(Error::NoDatabase { server: place.label().to_owned(), database: missing.clone() });
    }
    let catalog = Catalog::read(&mut session, &databases)?;
    if catalog.tables.is_empty() {
        return Err(Error::NoTables { databases: databases.join(", ") });
    }
    Ok(InitInputs { session, label: place.label().to_owned(), databases, named, catalog })
}

fn seen(session: &mut Session) -> Result<Vec<String>, Error> {
    let mut all = catalog::user_databases(session)?;
    all.retain(|name| !name.starts_with(OURS[0]) && !name.ends_with(OURS[1]) && !name.ends_with(OURS[2]));
    Ok(all)
}
