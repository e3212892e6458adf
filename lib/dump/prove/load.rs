//! Proves that a dump restores: loads it into scratch databases on a server, statement by statement as `dev-restore` does, and
//! reads the rows again.
//!
//! In: a dump file, or a manifest without its rows; a server. Out: nothing, or what cannot be restored or differs afterwards. The
//! scratch databases have names that nobody else uses, and are dropped in any case. Events are created only on a scratch server:
//! elsewhere they would run. Errors are those of a dump, not of a refresh: the dump is in question, and no target is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{self, DumpFile, Inserts, Manifest, ObjectEntry, ObjectKind, TableEntry, TableKind};
use crate::document::chain;
use crate::dump::define::script::{alter, placeholder};
use crate::dump::error::Error;
use crate::house::House;
use crate::mysql::{self, Server, Session};
use crate::progress::Unit;
use crate::rows::digest_table;
use crate::sql::{Mode, as_marked_utf8, databases_of_parents, name, requalify, settings, without_definer};

/// What the names of scratch databases begin with.
const PREFIX: &str = "refreshkit_verify";

/// Settings that a restore's connections have too. Each is tried: the server may not know it, or the account may not set it.
const FREE: [&str; 5] = [
    "SET SESSION sql_require_primary_key = OFF",
    "SET SESSION sql_generate_invisible_primary_key = OFF",
    "SET SESSION restrict_fk_on_non_standard_key = OFF",
    "SET SESSION wait_timeout = 172800",
    "SET SESSION net_read_timeout = 3600",
];

/// Session settings that are set again after each object, which was created under settings of its own.
const BETWEEN: [&str; 3] = ["SET NAMES utf8mb4", "SET time_zone = '+00:00'", "SET sql_mode = ''"];

/// Errors for a definition that every server of its kind refuses: unknown names, a wrong number of columns or arguments, wrong
/// syntax. Any other error is about this server, this account or this moment.
const BAD: [u16; 16] = [
    1049, // ER_BAD_DB_ERROR
    1052, // ER_NON_UNIQ_ERROR
    1054, // ER_BAD_FIELD_ERROR
    1060, // ER_DUP_FIELDNAME
    1064, // ER_PARSE_ERROR
    1109, // ER_UNKNOWN_TABLE
    1146, // ER_NO_SUCH_TABLE
    1222, // ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT
    1305, // ER_SP_DOES_NOT_EXIST
    1318, // ER_SP_WRONG_NO_OF_ARGS
    1347, // ER_WRONG_OBJECT
    1353, // ER_VIEW_WRONG_LIST
    1356, // ER_VIEW_INVALID
    1462, // ER_VIEW_RECURSIVE
    1582, // ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT
    1630, // ER_FUNC_INEXISTENT_NAME_COLLISION
];

/// Errors for rows that a server refuses however much room it has.
const BAD_ROWS: [u16; 12] = [
    1048, // ER_BAD_NULL_ERROR
    1062, // ER_DUP_ENTRY
    1136, // ER_WRONG_VALUE_COUNT_ON_ROW
    1264, // ER_WARN_DATA_OUT_OF_RANGE
    1292, // ER_TRUNCATED_WRONG_VALUE
    1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
    1406, // ER_DATA_TOO_LONG
    1906, // ER_WARNING_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN (MariaDB)
    3105, // ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN
    3140, // ER_INVALID_JSON_TEXT
    3819, // ER_CHECK_CONSTRAINT_VIOLATED
    4025, // ER_CONSTRAINT_FAILED (MariaDB)
];

/// True if a server's error about a definition is the dump's fault.
fn is_bad(error: &mysql::Error) -> bool {
    error.number().is_some_and(|number| BAD.contains(&number))
}

/// True if a server's error while rows were loaded is the dump's fault.
pub(super) fn is_about_rows(error: &mysql::Error) -> bool {
    error.number().is_some_and(|number| BAD_ROWS.contains(&number))
}

/// Loads a dump, without its events, and compares every table's rows with the manifest.
pub fn restores(house: &House, dump: &DumpFile, server: &Server) -> Result<(), Error> {
    let mut session = server.connect()?;
    let manifest = dump.manifest();
    let load = |session: &mut Session, scratch: &ScratchDatabases| {
        let mut load = ProofLoad {
            house,
            manifest,
            dump: Some(dump),
            session,
            scratch,
            with_events: false,
            broken: Vec::new(),
        };
        load.everything()?;
        load.broken.into_iter().next().map_or(Ok(()), |proof| Err(proof.into_error()))
    };
    in_scratch(&mut session, server, manifest, load)
}

/// An object that cannot be restored, and the reason.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) object: ObjectEntry,
    pub(super) why: String,
}

impl Proof {
    fn into_error(self) -> Error {
        let Self { object, why } = self;
        Error::NotRestorable {
            what: format!("{}.{} cannot be restored: {why}", object.database, object.name),
        }
    }
}

/// Loads everything except rows. Returns the views that cannot be created; fails with [`Error::NotRestorable`] for another
/// object. Any other error leaves open whether the dump restores.
pub(super) fn schema(
    house: &House,
    manifest: &Manifest,
    server: &Server,
    with_events: bool,
) -> Result<Vec<Proof>, Error> {
    let mut session = server.connect()?;
    in_scratch(&mut session, server, manifest, |session, scratch| {
        let mut load =
            ProofLoad { house, manifest, dump: None, session, scratch, with_events, broken: Vec::new() };
        load.everything()?;
        Ok(load.broken)
    })
}

/// Creates the scratch databases, calls `work`, and drops the databases in any case.
fn in_scratch<T>(
    session: &mut Session,
    server: &Server,
    manifest: &Manifest,
    work: impl FnOnce(&mut Session, &ScratchDatabases) -> Result<T, Error>,
) -> Result<T, Error> {
    // A server may refuse any of these settings.
    for setting in FREE {
        session.attempt(setting);
    }
    let scratch = ScratchDatabases::new(server, manifest);
    let outcome = scratch.make(session, manifest).and_then(|()| work(session, &scratch));
    let dropped = scratch.drop_all();
    let found = outcome?;
    dropped.map(|()| found)
}

/// The scratch databases. `names` has the scratch name of each database of the dump.
struct ScratchDatabases<'a> {
    server: &'a Server,
    names: BTreeMap<String, String>,
    /// Names of the tables and objects of each database of the dump: a word before one of them is the database's name.
    known: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> ScratchDatabases<'a> {
    fn new(server: &'a Server, manifest: &Manifest) -> Self {
        let mark = format!("{PREFIX}_{}_{:08x}", std::process::id(), rand::random::<u32>());
        let of = manifest.databases.iter().enumerate();
        let names = of.map(|(i, entry)| (entry.name.clone(), format!("{mark}_{i}"))).collect();
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let tables = manifest.tables.iter().map(|table| (&table.database, &table.table));
        let objects = manifest.objects.iter().map(|object| (&object.database, &object.name));
        for (database, object) in tables.chain(objects) {
            known.entry(database.clone()).or_default().insert(object.clone());
        }
        Self { server, names, known }
    }

    fn make(&self, session: &mut Session, manifest: &Manifest) -> Result<(), Error> {
        for entry in &manifest.databases {
            let own = name(&self.names[&entry.name]);
            let collation = format!("DEFAULT CHARACTER SET {} COLLATE {}", entry.charset, entry.collation);
            session.run("making a scratch database", &format!("CREATE DATABASE {own} {collation}"))?;
        }
        Ok(())
    }

    /// Drops the databases over a new connection: the other may be broken.
    fn drop_all(&self) -> Result<(), Error> {
        let mut session = self.server.connect()?;
        session.run("dropping the scratch databases", "SET foreign_key_checks = 0")?;
        for own in self.names.values() {
            let sql = format!("DROP DATABASE IF EXISTS {}", name(own));
            session.run("dropping the scratch databases", &sql)?;
        }
        Ok(())
    }

    /// Returns SQL with the scratch databases' names in place of those of the dump's databases.
    fn requalified(&self, sql: &str, mode: Mode) -> String {
        self.names.iter().fold(sql.to_owned(), |sql, (from, to)| match self.known.get(from) {
            Some(known) => requalify(&sql, from, to, known, mode),
            None => sql,
        })
    }
}

impl Drop for ScratchDatabases<'_> {
    fn drop(&mut self) {
        // Usually the second call, which costs little. It is the only one after a panic.
        let _ = self.drop_all();
    }
}

struct ProofLoad<'a> {
    house: &'a House,
    manifest: &'a Manifest,
    /// The file with the rows, if they are loaded too.
    dump: Option<&'a DumpFile>,
    session: &'a mut Session,
    scratch: &'a ScratchDatabases<'a>,
    with_events: bool,
    broken: Vec<Proof>,
}

impl ProofLoad<'_> {
    fn everything(&mut self) -> Result<(), Error> {
        let manifest = self.manifest;
        self.apply_session()?;
        for table in &manifest.tables {
            self.enter(&table.database)?;
            let create = self.placed(&table.create)?;
            self.run(table, "creating", &create)?;
        }
        if let Some(dump) = self.dump {
            self.rows(dump)?;
        }
        for table in &manifest.tables {
            self.house.cancel.check()?;
            self.finish(table)?;
        }
        for table in manifest.tables.iter().filter(|table| !table.foreign_keys.is_empty()) {
            self.enter(&table.database)?;
            let sql = self.placed(&alter(table, &table.foreign_keys))?;
            self.run(table, "adding the foreign keys of", &sql)?;
        }
        self.objects(manifest)
    }

    /// Returns a definition with the scratch databases' names. Fails when a foreign key refers to any other database.
    fn placed(&self, sql: &str) -> Result<String, Error> {
        let sql = self.scratch.requalified(sql, Mode::default());
        let outside = |parent: &String| !self.scratch.names.values().any(|own| own == parent);
        if let Some(database) = databases_of_parents(&sql).into_iter().find(outside) {
            let problem = format!("a foreign key refers to a table of {database} that is not in the dump");
            return Err(self.damaged(problem));
        }
        Ok(sql)
    }

    fn apply_session(&mut self) -> Result<(), Error> {
        for statement in &self.manifest.session {
            self.session.run("preparing the connection as the dump asks for", statement)?;
        }
        for setting in archive::AS_IT_IS {
            self.session.attempt(setting);
        }
        Ok(())
    }

    fn enter(&mut self, database: &str) -> Result<(), Error> {
        let missing = || self.damaged(format!("it does not make the database {database}"));
        let own = self.scratch.names.get(database).ok_or_else(missing)?;
        Ok(self.session.run("entering a scratch database", &format!("USE {}", name(own))).map(drop)?)
    }

    fn run(&mut self, table: &TableEntry, deed: &str, sql: &str) -> Result<(), Error> {
        let deed = format!("{deed} {}.{}", table.database, table.table);
        Ok(self.session.run(&deed, sql).map(drop)?)
    }

    /// Makes the error for a problem of the dump. It names the file, if there is one already.
    fn damaged(&self, problem: String) -> Error {
        match self.dump {
            Some(dump) => archive::Error::damaged(dump.path(), problem).into(),
            // Without a file the problem only becomes a warning (`not_proved` in `mod.rs`).
            None => Error::NotThere(problem),
        }
    }

    fn rows(&mut self, dump: &DumpFile) -> Result<(), Error> {
        let manifest = dump.manifest();
        let progress = self.house.progress.start("loading", Some(manifest.rows), Unit::Rows);
        for (position, table) in manifest.tables.iter().enumerate() {
            self.enter(&table.database)?;
            for member in manifest.members_of(position) {
                self.member(dump, table, member)?;
                progress.add(manifest.members[member].rows);
            }
        }
        Ok(())
    }

    fn member(&mut self, dump: &DumpFile, table: &TableEntry, member: usize) -> Result<(), Error> {
        let damaged =
            || dump.damaged_member(member, "has a text that is not UTF-8, or something else than rows");
        for insert in Inserts::of(dump, member)? {
            self.house.cancel.check()?;
            let sql = insert?.checked().ok().and_then(as_marked_utf8).ok_or_else(damaged)?;
            self.run(table, "loading", &sql)?;
        }
        Ok(())
    }

    /// Adds the table's keys, runs its `after` statements, and compares its rows with the manifest if they were loaded.
    fn finish(&mut self, table: &TableEntry) -> Result<(), Error> {
        self.enter(&table.database)?;
        for clauses in &table.indexes {
            self.run(table, "adding the keys of", &alter(table, clauses))?;
        }
        for statement in &table.after {
            self.run(table, "setting the state of", statement)?;
        }
        if table.kind != TableKind::Table || self.dump.is_none() {
            return Ok(());
        }
        let own = &self.scratch.names[&table.database];
        let found = digest_table(self.session, own, &table.table, &table.columns)?;
        self.apply_session()?;
        if (found.rows, &found.digest) == (table.rows, &table.digest) {
            return Ok(());
        }
        let problem = format!(
            "restored, {}.{} has {} rows with the digest {}, and should have {} with {}",
            table.database, table.table, found.rows, found.digest, table.rows, table.digest
        );
        Err(self.damaged(problem))
    }

    fn objects(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let with_events = self.with_events;
        let wanted = |object: &&ObjectEntry| object.kind != ObjectKind::Event || with_events;
        self.between()?;
        for view in manifest.objects.iter().filter(|object| object.kind == ObjectKind::View) {
            self.enter(&view.database)?;
            self.session.run("making room for a view", &placeholder(view))?;
        }
        for object in manifest.objects.iter().filter(wanted) {
            self.house.cancel.check()?;
            self.enter(&object.database)?;
            let outcome = self.create(object);
            self.between()?;
            self.judge(object, outcome)?;
        }
        self.views(manifest)
    }

    /// Decides what the server's answer says about an object. A bad view is noted, another bad object is an error. An error that
    /// is not about the object ends the proof: other objects would fail only because this one is missing.
    fn judge(&mut self, object: &ObjectEntry, outcome: Result<(), mysql::Error>) -> Result<(), Error> {
        let Err(error) = outcome else { return Ok(()) };
        if !is_bad(&error) {
            return Err(error.into());
        }
        let proof = Proof { object: object.clone(), why: chain(&error) };
        if object.kind != ObjectKind::View {
            return Err(proof.into_error());
        }
        self.broken.push(proof);
        Ok(())
    }

    fn between(&mut self) -> Result<(), Error> {
        for setting in BETWEEN {
            self.session.run("setting the connection back", setting)?;
        }
        Ok(())
    }

    fn create(&mut self, object: &ObjectEntry) -> Result<(), mysql::Error> {
        let deed = format!("creating {}.{}", object.database, object.name);
        if object.kind == ObjectKind::View {
            self.session.run(&deed, &format!("DROP VIEW IF EXISTS {}", name(&object.name)))?;
        }
        for statement in object.session.iter().flat_map(|statement| settings(statement)) {
            self.session.run(&deed, &statement)?;
        }
        let create = self.scratch.requalified(&object.create, Mode::set_by(&object.session));
        // The definer's account is not on this server. As in a restore, our account becomes the definer.
        self.session.run(&deed, &without_definer(&create)).map(drop)
    }

    /// Resolves every view again, until no more are bad: a view may have been created over the placeholder of a view that is bad.
    fn views(&mut self, manifest: &Manifest) -> Result<(), Error> {
        loop {
            let before = self.broken.len();
            for view in manifest.objects.iter().filter(|object| object.kind == ObjectKind::View) {
                let is_known = self.broken.iter().any(|proof| proof.object == *view);
                if is_known {
                    continue;
                }
                self.enter(&view.database)?;
                let deed = format!("reading the view {}.{}", view.database, view.name);
                let outcome = self.session.resolve(&deed, &format!("SELECT 1 FROM {}", name(&view.name)));
                let sound = self.broken.len();
                self.judge(view, outcome)?;
                if self.broken.len() > sound {
                    self.session.attempt(&format!("DROP VIEW {}", name(&view.name)));
                }
            }
            if self.broken.len() == before {
                return Ok(());
            }
        }
    }
}
