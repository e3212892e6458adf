//! Loads a dump into a server that holds nothing yet, and applies a target's `preserve`, `set` and `after` there, for
//! `instance/`.
//!
//! In: a dump of ours, a session of the server's administrator, the login of a loader that has rights on the dump's databases
//! alone. Out: the databases under their own names, each table compared with the manifest. No database is there before, so
//! nothing is swapped.

use std::sync::Arc;

use super::error::Error;
use super::guard;
use super::keep::{carry, set};
use super::load::job::LoadJob;
use super::load::source::{choose, file_name};
use super::load::table_filter::TableFilter;
use super::load::{self, create_objects};
use super::options::Verify;
use super::swap::state;
use super::target::DevTarget;
use crate::archive::{DumpFile, Manifest, Trust};
use crate::config::TargetConfig;
use crate::document::{Dump, TableDigest};
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::sql::{is_awake, name};

/// An opened dump of ours.
#[derive(Debug, Clone)]
pub(crate) struct ChosenDump(Arc<DumpFile>);

impl ChosenDump {
    /// Finds the dump that `choice` stands for, and opens it. `unsigned` has an effect only on a `choice` that is a path.
    pub(crate) fn open(house: &House, choice: &str, unsigned: bool) -> Result<Self, Error> {
        let path = choose(house, choice)?;
        let trust = Trust::of(&house.config).but_unsigned(unsigned && choice.contains('/'));
        Ok(Self(Arc::new(trust.open(&path)?)))
    }

    /// The manifest of the dump.
    pub(crate) fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    /// The document's section about the dump.
    pub(crate) fn section(&self) -> Dump {
        let manifest = self.0.manifest();
        let absolute = std::path::absolute(self.0.path()).unwrap_or_else(|_| self.0.path().to_owned());
        Dump {
            name: file_name(&absolute),
            path: absolute.display().to_string(),
            bytes: self.0.bytes(),
            rows: manifest.rows,
            as_of: manifest.as_of,
            ..Dump::default()
        }
    }

    /// Loads all databases of the dump. Events that the dump has enabled are enabled at the end.
    pub(crate) fn load(
        &self,
        house: &House,
        admin: &mut Session,
        loader: &Server,
    ) -> Result<Vec<TableDigest>, Error> {
        let mut jobs = Vec::new();
        for database in &self.manifest().databases {
            let collation = (database.charset.clone(), database.collation.clone());
            state::create_database(admin, &database.name, &collation)?;
            let job = LoadJob {
                dump: Arc::clone(&self.0),
                database: database.name.clone(),
                server: loader.clone(),
                staging: database.name.clone(),
                verify: Verify::Digest,
                local_infile: load::takes_local_infile(admin)?,
                workers: None,
                choice: TableFilter::default(),
            };
            Error::of_all(guard::misfits(admin, &job)?)?;
            jobs.push(job);
        }
        let mut tables = Vec::new();
        for job in &jobs {
            tables.extend(load::load(house, job)?);
        }
        // Only when all databases have their tables: a view may read tables of several.
        for job in &jobs {
            let events = create_objects::furnish(house, job)?;
            let mut session = loader.connect_to(Some(&job.staging))?;
            for event in events.iter().filter(|event| is_awake(&event.create)) {
                let sql = format!("ALTER EVENT {} ENABLE", name(&event.name));
                session.run(&format!("waking the event {}", event.name), &sql)?;
            }
        }
        Ok(tables)
    }
}

/// What `refresh.toml` says about the database of an instance.
#[derive(Debug)]
pub(crate) struct OwnServer<'a> {
    /// Name of the target.
    pub(crate) name: &'a str,
    /// The target's section of refresh.toml.
    pub(crate) settings: &'a TargetConfig,
    /// Name of the database that `preserve`, `set` and `after` are for.
    pub(crate) database: &'a str,
}

impl OwnServer<'_> {
    /// Fails if a key or value of `set` is wrong, before anything is loaded.
    pub(crate) fn check(&self, server: &Server) -> Result<(), Error> {
        set::statements(&self.target(server)).map(drop)
    }

    /// Copies what `preserve` names from the old server to the new one. Returns one phrase a table, for people.
    pub(crate) fn carry(&self, old: &mut Session, loader: &Server) -> Result<Vec<String>, Error> {
        if self.settings.preserve.is_empty() {
            return Ok(Vec::new());
        }
        let mut to = loader.connect_to(Some(self.database))?;
        carry::carry(old, &mut to, &self.settings.preserve, self.database)
    }

    /// Runs the statements of the target's `set` and `after`, over the loader's login.
    pub(crate) fn finish(&self, house: &House, loader: &Server) -> Result<(), Error> {
        set::run(house, &self.target(loader), loader, self.database)
    }

    fn target(&self, server: &Server) -> DevTarget {
        DevTarget {
            name: self.name.to_owned(),
            database: self.database.to_owned(),
            server: server.clone(),
            loader: None,
            settings: self.settings.clone(),
        }
    }
}
