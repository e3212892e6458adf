//! The file that a refresh loads: a dump of ours, with several connections, or SQL of another program, statement by statement.
//!
//! In: the value of `--dump`, the target. Out: the opened file, and then its rows and objects in the staging database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::foreign::{Ahead, PlainFile};
use super::job::LoadJob;
use super::table_filter::TableFilter;
use super::{create_objects, foreign};
use crate::archive::{self, DatabaseEntry, DumpFile, ObjectKind, Purpose, Trust};
use crate::document::{Dump, TableDigest};
use crate::house::House;
use crate::migrate::{self, Checkout, SqlTarget};
use crate::mysql::{Server, Session};
use crate::restore::error::Error;
use crate::restore::guard::{self, ready};
use crate::restore::loader::Loader;
use crate::restore::options::RunOptions;
use crate::restore::swap::objects::Object;
use crate::restore::swap::state;
use crate::restore::swap::sync_objects::Contents;
use crate::restore::target::DevTarget;

/// Finds the file that a choice stands for: `latest`, a file name, a day or a path. Fails if the dump directory does not have it
/// (any more). A path is not looked up.
pub(crate) fn choose(house: &House, choice: &str) -> Result<PathBuf, Error> {
    let path = Path::new(choice);
    if choice.contains('/') {
        return Ok(path.to_owned());
    }
    let directory = match archive::directory(&house.config, None, Purpose::Reading) {
        // Without a dump directory, a name can only be that of a file here.
        Err(archive::Error::Config(_)) if path.is_file() => return Ok(path.to_owned()),
        outcome => outcome?,
    };
    let name = house.config.dump.name.as_deref();
    if choice == archive::LATEST
        && let Some(dump) = archive::latest(house, &directory, name)?
    {
        return Ok(dump.path);
    }
    let all = archive::candidates(&directory, None)?;
    let there = || all.iter().map(|candidate| candidate.file.clone()).collect();
    archive::pick(&directory, &all, name, choice)?
        .map(|candidate| candidate.path.clone())
        .ok_or_else(|| Error::NoSuchDump { choice: choice.to_owned(), dir: directory, there: there() })
}

/// An opened file: a dump of ours, or SQL of another program.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a run")]
pub(crate) enum AnyDump {
    /// A dump of ours, and which of its databases the target gets.
    Ours(DumpFile, DatabaseEntry),
    /// A file with SQL of another program.
    Foreign(PlainFile),
}

impl AnyDump {
    /// Opens a file. The error about a file of neither kind is that of a damaged dump of ours.
    pub(crate) fn open(
        path: &Path,
        target: &DevTarget,
        trust: Trust<'_>,
        chosen: Option<&str>,
    ) -> Result<Self, Error> {
        foreign::refuse_other_kinds(path)?;
        match trust.open(path) {
            Ok(dump) => {
                let database = database_of(&dump, target, chosen)?;
                Ok(Self::Ours(dump, database))
            }
            Err(error @ archive::Error::Damaged { .. }) => match PlainFile::of(path, chosen)? {
                Some(plain) => {
                    trust.foreign(path)?;
                    Ok(Self::Foreign(plain))
                }
                None => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The document's section about the file at `path`.
    pub(crate) fn section(&self, path: &Path) -> Dump {
        let (bytes, rows, as_of) = match self {
            Self::Ours(dump, _) => (dump.bytes(), dump.manifest().rows, dump.manifest().as_of),
            Self::Foreign(plain) => (plain.bytes, 0, None),
        };
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let path = absolute.display().to_string();
        Dump { name: file_name(&absolute), path, bytes, rows, as_of, ..Dump::default() }
    }
}

/// Name of a file without its folders.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The database of the dump that the target gets: the chosen one, else the only one, else the one of the target's name.
fn database_of(dump: &DumpFile, target: &DevTarget, chosen: Option<&str>) -> Result<DatabaseEntry, Error> {
    let databases = &dump.manifest().databases;
    let wanted = chosen.unwrap_or(&target.database);
    let named = databases.iter().find(|database| database.name == wanted);
    let only = (databases.len() == 1 && chosen.is_none()).then(|| &databases[0]);
    only.or(named).cloned().ok_or_else(|| Error::SeveralDatabases {
        dump: file_name(dump.path()),
        databases: databases.iter().map(|database| database.name.clone()).collect(),
        database: wanted.to_owned(),
    })
}

/// An opened file, ready to be loaded into the target's server.
#[derive(Debug)]
pub(crate) enum LoadSource {
    /// A dump of ours, and its database with charset and collation.
    Ours(LoadJob, DatabaseEntry),
    /// SQL of another program, what reading ahead found (rights and misfits), and which tables keep their rows.
    Foreign(PlainFile, Ahead, TableFilter),
}

impl LoadSource {
    /// Prepares the load of an opened file. A file of another program is read ahead here; fails if the disk is too small for it.
    pub(crate) fn of(
        house: &House,
        dump: AnyDump,
        target: &DevTarget,
        options: &RunOptions,
        choice: TableFilter,
        session: &mut Session,
    ) -> Result<Self, Error> {
        match dump {
            AnyDump::Ours(dump, database) => {
                let job = LoadJob {
                    database: database.name.clone(),
                    server: target.server.clone(),
                    staging: target.staging(),
                    verify: options.verify,
                    local_infile: !options.insert && super::takes_local_infile(session)?,
                    workers: options.workers.map(usize::from),
                    choice,
                    dump: Arc::new(dump),
                };
                Ok(Self::Ours(job, database))
            }
            AnyDump::Foreign(plain) => {
                guard::refuse_full_disk(session, &target.server, plain.sql_bytes())?;
                let ahead = plain.ahead(house, target, session)?;
                Ok(Self::Foreign(plain, ahead, choice))
            }
        }
    }

    /// All reasons why the server could not load the file.
    pub(crate) fn misfits(&self, session: &mut Session) -> Result<Vec<Error>, Error> {
        match self {
            Self::Ours(job, _) => {
                let long = job.tables().find(|(_, entry)| !state::can_be_kept(&entry.table));
                let long = long.map(|(_, entry)| Error::OurName { table: entry.table.clone() });
                Ok(long.into_iter().chain(guard::misfits(session, job)?).collect())
            }
            Self::Foreign(plain, ahead, _) => Ok(plain.misfits(ahead)),
        }
    }

    /// All rights that the load needs and the loader or the swapper lacks. Needs the databases of the refresh, still empty.
    pub(crate) fn missing_rights(
        &self,
        target: &DevTarget,
        loader: &Loader,
        swapper: &mut Session,
    ) -> Result<Vec<Error>, Error> {
        let (to_load, to_swap) = match self {
            Self::Ours(job, _) => (ready::to_load(job), ready::to_swap(job)),
            Self::Foreign(_, ahead, _) => (ahead.to_load(), ahead.to_swap()),
        };
        let forbidden = self.makes_functions() && loader.is_kept_from_functions(swapper)?;
        let server = loader.server.label().to_owned();
        let forbidden = forbidden.then_some(Error::FunctionsForbidden { server });
        let live = Contents::read(swapper, &target.database)?;
        let mut session = loader.server.connect()?;
        let loads = ready::lacking(&mut session, &target.staging(), &to_load)?;
        let swaps = ready::lacking(swapper, &target.database, &to_swap)?;
        let keeps = ready::lacking(swapper, &target.previous(), &ready::to_keep(&live))?;
        let strict = match self {
            Self::Ours(job, _) => ready::strict(&mut session, job)?,
            Self::Foreign(..) => None,
        };
        Ok([forbidden, strict, loads, swaps, keeps].into_iter().flatten().collect())
    }

    /// Character set and collation for the staging database.
    pub(crate) fn collation(
        &self,
        session: &mut Session,
        target: &DevTarget,
    ) -> Result<(String, String), Error> {
        match self {
            Self::Ours(_, database) => Ok((database.charset.clone(), database.collation.clone())),
            // The file may name none: those of the database in use.
            Self::Foreign(..) => state::collation(session, &target.database),
        }
    }

    /// True if the file makes functions or triggers.
    fn makes_functions(&self) -> bool {
        let one = |kind| matches!(kind, ObjectKind::Function | ObjectKind::Trigger);
        match self {
            Self::Ours(job, _) => job.dump.manifest().objects.iter().any(|object| one(object.kind)),
            Self::Foreign(_, ahead, _) => ahead.makes_functions(),
        }
    }

    /// Loads the tables with the loader's login; of SQL of another program, everything. `databases` are all databases of the
    /// server.
    pub(crate) fn load(
        &self,
        house: &House,
        target: &DevTarget,
        loader: &Loader,
        databases: &[String],
    ) -> Result<Vec<TableDigest>, Error> {
        let server = &loader.server;
        match self {
            Self::Ours(job, _) => super::load(house, &LoadJob { server: server.clone(), ..job.clone() }),
            Self::Foreign(plain, _, choice) => {
                let staging = target.staging();
                let at = SqlTarget { server, database: &staging, live: &target.database, databases };
                // A fenced loader has no rights on other databases, so the text need not be searched for their names.
                let others = if loader.is_fenced() { Vec::new() } else { migrate::others(&at) };
                let mut tables = plain.load(house, target, server, others)?;
                plain.empty(house, server, &staging, &mut tables, choice)?;
                Ok(tables)
            }
        }
    }

    /// Creates views, routines, triggers and events (a file of another program has made its own). Returns the events as the
    /// database in use will have them; until the swap they are disabled.
    pub(crate) fn furnish(
        &self,
        house: &House,
        target: &DevTarget,
        server: &Server,
    ) -> Result<Vec<Object>, Error> {
        match self {
            Self::Ours(job, _) => {
                create_objects::furnish(house, &LoadJob { server: server.clone(), ..job.clone() })
            }
            Self::Foreign(plain, ..) => plain.events(server, &target.staging()),
        }
    }

    /// Tables of a dump of ours whose rows are left out by `include`, `exclude` or `--only`.
    pub(crate) fn left_empty(&self) -> Vec<&str> {
        match self {
            Self::Ours(job, _) => {
                let left =
                    job.tables().filter(|(_, entry)| entry.rows > 0 && !job.choice.takes(&entry.table));
                left.map(|(_, entry)| entry.table.as_str()).collect()
            }
            Self::Foreign(..) => Vec::new(),
        }
    }

    /// The tables of a dump of ours. `None` for a file of another program: its tables are known only after the load.
    pub(crate) fn tables(&self) -> Option<Vec<&str>> {
        match self {
            Self::Ours(job, _) => Some(job.tables().map(|(_, entry)| entry.table.as_str()).collect()),
            Self::Foreign(..) => None,
        }
    }

    /// Says what a refresh would do, for a dry run.
    pub(crate) fn say_what_would_be_done(
        &self,
        house: &House,
        target: &DevTarget,
        checkout: Option<&Checkout>,
        only: &[String],
    ) {
        let swapped = match only {
            [] => format!("swap it in as {}", target.database),
            only => format!("swap only {} into {}", only.join(", "), target.database),
        };
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
            Self::Foreign(plain, ..) => plain.path.display().to_string(),
        };
        house.progress.say(&format!(
            "would load {what} into {} on {}{with}, then {swapped}",
            target.staging(),
            target.server.label()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, DumpConfig};
    use crate::document::Failure;
    use crate::progress::Progress;

    /// A directory of whole dumps, and a `House` whose configuration names it.
    fn house(files: &[&str]) -> (tempfile::TempDir, House) {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            std::fs::write(dir.path().join(name), archive::whole()).unwrap();
        }
        let dump = DumpConfig { dir: Some(dir.path().display().to_string()), ..DumpConfig::default() };
        let config = Config { dump, ..Config::default() };
        let house = House::new("dev-restore", config, Progress::silent(), dir.path().to_owned());
        (dir, house)
    }

    fn name(house: &House, choice: &str) -> String {
        let path = choose(house, choice).unwrap();
        path.file_name().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn takes_the_newest_a_name_or_a_day() {
        let (_dir, house) = house(&[
            "app-20261121T020000Z.sql.gz",
            "app-20261122T020000Z.sql.gz",
            "app-20261122T140000Z.sql.gz",
            ".app-20261123T020000Z.sql.gz.part",
            "notes.txt",
            "app-2026.sql.gz",
        ]);
        assert_eq!(name(&house, "latest"), "app-20261122T140000Z.sql.gz");
        assert_eq!(name(&house, "2026-11-21"), "app-20261121T020000Z.sql.gz");
        assert_eq!(name(&house, "app-20261122T020000Z"), "app-20261122T020000Z.sql.gz");
        assert_eq!(choose(&house, "./x.sql").unwrap(), Path::new("./x.sql"));
    }

    #[test]
    fn a_choice_that_has_rotated_out_is_refused_with_what_there_is() {
        let (dir, house) = house(&["app-20261121T020000Z.sql.gz"]);
        let error = choose(&house, "app-20261101T020000Z.sql.gz").unwrap_err();
        assert_eq!(error.exit(), crate::document::Exit::BadInput);
        let expected = format!(
            "there is no dump app-20261101T020000Z.sql.gz in {}; there is app-20261121T020000Z.sql.gz",
            dir.path().display()
        );
        assert_eq!(error.to_string(), expected);
    }
}
