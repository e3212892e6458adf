//! What a refresh is made from: a dump of ours, which several connections load, or SQL of another tool, from front to back.
//!
//! In: what a person chose, the target. Out: the opened file, and then its rows and objects in the staging database.

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

/// The file that a choice stands for: `latest`, a file name, a day or a path. A choice of last week's is not there for ever.
pub(crate) fn choose(house: &House, choice: &str) -> Result<PathBuf, Error> {
    let path = Path::new(choice);
    if choice.contains('/') {
        return Ok(path.to_owned());
    }
    let directory = match archive::directory(&house.config, None, Purpose::Reading) {
        // There is no directory that it could be a dump of.
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

/// An opened file, whoever wrote it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a run")]
pub(crate) enum AnyDump {
    /// A dump of ours, and which of its databases the target gets.
    Ours(DumpFile, DatabaseEntry),
    /// SQL of another tool.
    Foreign(PlainFile),
}

impl AnyDump {
    /// Opens a file. If it is of neither kind, the error is what there is to say of a dump of ours.
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

/// The name of a file without its folders.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The database of the dump that the target gets: the chosen one, the only one, or the one of that name.
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

/// What is loaded, once the server has said that it can take it in.
#[derive(Debug)]
pub(crate) enum LoadSource {
    /// A dump of ours, and the defaults of its database.
    Ours(LoadJob, DatabaseEntry),
    /// SQL of another tool, and what it takes.
    Foreign(PlainFile, Ahead),
}

impl LoadSource {
    /// What a chosen file is to be loaded with.
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
                Ok(Self::Foreign(plain, ahead))
            }
        }
    }

    /// Why the server could not take it in.
    pub(crate) fn misfits(&self, session: &mut Session) -> Result<Vec<Error>, Error> {
        match self {
            Self::Ours(job, _) => {
                let long = job.tables().find(|(_, entry)| !state::can_be_kept(&entry.table));
                let long = long.map(|(_, entry)| Error::OurName { table: entry.table.clone() });
                Ok(long.into_iter().chain(guard::misfits(session, job)?).collect())
            }
            Self::Foreign(plain, ahead) => Ok(plain.misfits(ahead)),
        }
    }

    /// What the accounts may not do that it takes. The databases of the refresh are there, and empty.
    pub(crate) fn missing_rights(
        &self,
        target: &DevTarget,
        loader: &Loader,
        swapper: &mut Session,
    ) -> Result<Vec<Error>, Error> {
        let (to_load, to_swap) = match self {
            Self::Ours(job, _) => (ready::to_load(job), ready::to_swap(job)),
            Self::Foreign(_, ahead) => (ahead.to_load(), ahead.to_swap()),
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

    /// Character set and collation of the database.
    pub(crate) fn collation(
        &self,
        session: &mut Session,
        target: &DevTarget,
    ) -> Result<(String, String), Error> {
        match self {
            Self::Ours(_, database) => Ok((database.charset.clone(), database.collation.clone())),
            // The file may say nothing about it: as it is now.
            Self::Foreign(..) => state::collation(session, &target.database),
        }
    }

    /// Whether there are functions or triggers.
    fn makes_functions(&self) -> bool {
        let one = |kind| matches!(kind, ObjectKind::Function | ObjectKind::Trigger);
        match self {
            Self::Ours(job, _) => job.dump.manifest().objects.iter().any(|object| one(object.kind)),
            Self::Foreign(_, ahead) => ahead.makes_functions(),
        }
    }

    /// Loads the tables, over the loader's login; from SQL of another tool, everything. `databases` are those of the server.
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
            Self::Foreign(plain, _) => {
                let staging = target.staging();
                let at = SqlTarget { server, database: &staging, live: &target.database, databases };
                // Who cannot get into another database needs no look at what is written.
                let others = if loader.is_fenced() { Vec::new() } else { migrate::others(&at) };
                plain.load(house, target, server, others)
            }
        }
    }

    /// Creates what is no table. Returns the events as they are to be once the database is in use; until then they sleep.
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
            Self::Foreign(plain, _) => plain.events(server, &target.staging()),
        }
    }

    /// Tables of a dump of ours that come without their rows, because of what was chosen.
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

    /// The tables of a dump of ours; what a file of another program holds is known when it is loaded.
    pub(crate) fn tables(&self) -> Option<Vec<&str>> {
        match self {
            Self::Ours(job, _) => Some(job.tables().map(|(_, entry)| entry.table.as_str()).collect()),
            Self::Foreign(..) => None,
        }
    }

    /// What a run would do.
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
            Self::Foreign(plain, _) => plain.path.display().to_string(),
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

    /// A directory of whole dumps, and a house that knows it.
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
