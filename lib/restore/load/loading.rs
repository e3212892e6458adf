//! What is loaded: a dump of ours with several connections, or SQL of another tool from front to back.
//!
//! In: the opened file, the target. Out: the rows and objects in the staging database.

use std::sync::Arc;

use super as load;
use super::Job;
use super::create_objects as furnish;
use super::foreign::PlainFile;
use super::table_filter::Choice;
use crate::archive::{DatabaseEntry, DumpFile};
use crate::document::TableDigest;
use crate::house::House;
use crate::migrate::Checkout;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::guard;
use crate::restore::options::RunOptions;
use crate::restore::swap::state;
use crate::restore::target::Target;

/// What is loaded.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a run")]
pub(crate) enum Loading {
    /// A dump of ours.
    Ours(Job, DatabaseEntry),
    /// SQL of another tool.
    Plain(PlainFile),
}

impl Loading {
    /// Refuses what the server could not take in.
    pub(crate) fn of(
        file: Result<DumpFile, PlainFile>,
        target: &Target,
        options: &RunOptions,
        choice: Choice,
        session: &mut Session,
        database: Option<DatabaseEntry>,
    ) -> Result<Self, Error> {
        match (file, database) {
            (Ok(dump), Some(database)) => {
                let job = Job {
                    database: database.name.clone(),
                    server: target.server.clone(),
                    staging: target.staging(),
                    verify: options.verify,
                    local_infile: !options.insert && load::takes_local_infile(session)?,
                    workers: options.workers.map(usize::from),
                    choice,
                    dump: Arc::new(dump),
                };
                guard::refuse_too_large(session, &job)?;
                Ok(Self::Ours(job, database))
            }
            (Ok(_), None) => unreachable!("a dump of ours has a database"),
            (Err(plain), _) => {
                guard::refuse_full_disk(session, &target.server, plain.sql_bytes())?;
                Ok(Self::Plain(plain))
            }
        }
    }

    /// Character set and collation of the database.
    pub(crate) fn collation(
        &self,
        session: &mut Session,
        target: &Target,
    ) -> Result<(String, String), Error> {
        match self {
            Self::Ours(_, database) => Ok((database.charset.clone(), database.collation.clone())),
            // The file may say nothing about it: as it is now.
            Self::Plain(_) => state::collation(session, &target.database),
        }
    }

    /// Loads the tables; from SQL of another tool, everything.
    pub(crate) fn load(&self, house: &House, target: &Target) -> Result<Vec<TableDigest>, Error> {
        match self {
            Self::Ours(job, _) => load::load(house, job),
            Self::Plain(plain) => plain.load(house, target),
        }
    }

    /// Creates what is no table.
    pub(crate) fn furnish(&self, house: &House) -> Result<(), Error> {
        match self {
            Self::Ours(job, _) => furnish::furnish(house, job),
            Self::Plain(_) => Ok(()),
        }
    }

    /// What a run would do.
    pub(crate) fn say_what_would_be_done(&self, house: &House, target: &Target, checkout: Option<&Checkout>) {
        let with = checkout.map_or(String::new(), |checkout| {
            format!(", then the migrations of {} ({})", checkout.reference, checkout.commit)
        });
        let what = match self {
            Self::Ours(job, _) => {
                let chosen = job.tables().filter(|(_, entry)| job.choice.takes(&entry.table));
                let rows: u64 = chosen.map(|(_, entry)| entry.rows).sum();
                let how = if job.local_infile { "LOAD DATA LOCAL" } else { "INSERT" };
                format!("{} tables, {rows} rows with {how}", job.tables().count())
            }
            Self::Plain(plain) => plain.path.display().to_string(),
        };
        house.progress.say(&format!(
            "would load {what} into {} on {}{with}, then swap it in as {}",
            target.staging(),
            target.server.label(),
            target.database
        ));
    }
}
