//! The branch on disk: looked up and exported before anything of the target is touched.
//!
//! In: `[migrations]` and a reference. Out: its commit and its SQL files, in a directory that is removed with the value.

use std::path::Path;

use super::error::Error;
use super::files::{self, MigrationFile};
use super::git;
use crate::config::{self, MigrationsConfig};
use crate::house::House;

/// A branch, tag or commit, exported to a directory that is removed with this value.
#[derive(Debug)]
pub struct Checkout {
    /// The branch, tag or commit, as asked for.
    pub reference: String,
    /// Id of the commit that the reference stood for.
    pub commit: String,
    directory: tempfile::TempDir,
    pub(crate) files: Vec<MigrationFile>,
    pub(crate) settings: MigrationsConfig,
}

impl Checkout {
    /// Exports `reference` from the repository of `[migrations]` and says which commit it is. `None` if the reference is not
    /// given or blank, as the empty field of a form is.
    pub fn configured<E>(house: &House, reference: Option<&str>) -> Result<Option<Self>, E>
    where
        E: From<config::Error> + From<Error>,
    {
        let Some(reference) = reference.map(str::trim).filter(|reference| !reference.is_empty()) else {
            return Ok(None);
        };
        let settings = house.config.migrations.as_ref();
        let settings = settings.ok_or(config::Error::Unset { setting: "[migrations] repository" })?;
        let checkout = Self::of(house, settings, reference)?;
        let commit = &checkout.commit[..checkout.commit.len().min(12)];
        house.progress.say(&format!("{reference} is {commit}"));
        Ok(Some(checkout))
    }

    /// The names of all branches and tags; none if no repository is configured.
    pub fn references<E: From<Error>>(house: &House) -> Result<Vec<String>, E> {
        let repository = house.config.migrations.as_ref().map(|settings| settings.repository.as_str());
        match repository.filter(|repository| !repository.is_empty()) {
            Some(repository) => Ok(git::references(house, repository)?),
            None => Ok(Vec::new()),
        }
    }

    /// Looks the reference up at the repository and exports it. Nothing of the target is touched.
    pub fn of(house: &House, settings: &MigrationsConfig, reference: &str) -> Result<Self, Error> {
        if settings.repository.is_empty() {
            return Err(Error::Unset("[migrations] repository"));
        }
        let found = git::look_up(house, &settings.repository, reference)?;
        let directory = tempfile::Builder::new().prefix("refreshkit-migrations-").tempdir();
        let directory = directory.map_err(|source| Error::Directory { source })?;
        let commit = git::export(house, &settings.repository, &found, directory.path())?;
        let files = match (&settings.command, &settings.path) {
            (Some(_), _) => Vec::new(),
            (None, Some(glob)) => {
                let submodules = git::submodules(house, &settings.repository, directory.path())?;
                let found = files::find(directory.path(), glob, reference, &submodules)?;
                for told in &found.told {
                    house.progress.warn(told);
                }
                found.files
            }
            (None, None) => return Err(Error::Unset("[migrations] path")),
        };
        Ok(Self { reference: reference.to_owned(), commit, directory, files, settings: settings.clone() })
    }

    /// Path of the temporary directory that the branch's files are in.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The number of SQL files, including those that have run before.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True if there are no SQL files, because a command runs the migrations.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
