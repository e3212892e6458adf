//! Whether a dump restores: loaded into databases of its own on a server that was named for it, statement by statement
//! as `zcat | mysql` would, and read again.
//!
//! In: a dump file, a server. Out: nothing, or what came out otherwise. The databases are made here under names that
//! nobody else has, and are dropped however it ends. Events are not created: they would run. It fails as a dump does, not
//! as a refresh: what is in question is the dump, and no target is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{self, DumpFile, Inserts, Manifest, ObjectEntry, ObjectKind, TableEntry, TableKind};
use crate::dump::{self, Error};
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::progress::Unit;
use crate::rows::digest_table;
use crate::sql::{Mode, as_marked_utf8, databases_of_parents, name, requalify, settings};

/// What the databases' names begin with.
const PREFIX: &str = "refreshkit_verify";

/// Loads a dump and compares every table's rows with what the manifest says.
pub fn restores(house: &House, dump: &DumpFile, server: &Server) -> Result<(), Error> {
    let mut session = server.connect()?;
    // Whatever a server minds of these is of no interest.
    for setting in ["sql_generate_invisible_primary_key = OFF", "restrict_fk_on_non_standard_key = OFF"] {
        session.attempt(&format!("SET SESSION {setting}"));
    }
    let scratch = Scratch::new(server, dump.manifest());
    let outcome = scratch.make(&mut session, dump.manifest()).and_then(|()| {
        let mut load = Load { house, dump, session: &mut session, scratch: &scratch };
        load.everything()
    });
    outcome.and(scratch.drop_all())
}

/// The databases that stand for those of the dump.
struct Scratch<'a> {
    server: &'a Server,
    names: BTreeMap<String, String>,
    /// What each database of the dump has, to tell its name from another word.
    known: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Scratch<'a> {
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

    /// Over a connection of its own: the other may be of no use any more.
    fn drop_all(&self) -> Result<(), Error> {
        let mut session = self.server.connect()?;
        session.run("dropping the scratch databases", "SET foreign_key_checks = 0")?;
        for own in self.names.values() {
            let sql = format!("DROP DATABASE IF EXISTS {}", name(own));
            session.run("dropping the scratch databases", &sql)?;
        }
        Ok(())
    }

    /// Text that may name a database of the dump.
    fn requalified(&self, sql: &str, mode: Mode) -> String {
        self.names.iter().fold(sql.to_owned(), |sql, (from, to)| match self.known.get(from) {
            Some(known) => requalify(&sql, from, to, known, mode),
            None => sql,
        })
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // A second time after a good end, which costs nothing; the only one after an error.
        let _ = self.drop_all();
    }
}

struct Load<'a> {
    house: &'a House,
    dump: &'a DumpFile,
    session: &'a mut Session,
    scratch: &'a Scratch<'a>,
}

impl Load<'_> {
    fn everything(&mut self) -> Result<(), Error> {
        let manifest = self.dump.manifest();
        self.settle()?;
        for table in &manifest.tables {
            self.enter(&table.database)?;
            let create = self.placed(&table.create)?;
            self.run(table, "creating", &create)?;
        }
        self.rows(manifest)?;
        for table in &manifest.tables {
            self.house.cancel.check()?;
            self.finish(table)?;
        }
        for table in manifest.tables.iter().filter(|table| !table.foreign_keys.is_empty()) {
            self.enter(&table.database)?;
            let sql = self.placed(&dump::alter(table, &table.foreign_keys))?;
            self.run(table, "adding the foreign keys of", &sql)?;
        }
        self.objects(manifest)
    }

    /// A definition whose foreign keys refer to the scratch databases, and to nothing else.
    fn placed(&self, sql: &str) -> Result<String, Error> {
        let sql = self.scratch.requalified(sql, Mode::default());
        let outside = |parent: &String| !self.scratch.names.values().any(|own| own == parent);
        if let Some(database) = databases_of_parents(&sql).into_iter().find(outside) {
            let problem = format!("a foreign key refers to a table of {database} that is not in the dump");
            return Err(archive::Error::damaged(self.dump.path(), problem).into());
        }
        Ok(sql)
    }

    fn settle(&mut self) -> Result<(), Error> {
        for statement in &self.dump.manifest().session {
            self.session.run("preparing the connection as the dump asks for", statement)?;
        }
        for setting in archive::AS_IT_IS {
            self.session.attempt(setting);
        }
        Ok(())
    }

    fn enter(&mut self, database: &str) -> Result<(), Error> {
        let missing =
            || archive::Error::damaged(self.dump.path(), format!("it does not make the database {database}"));
        let own = self.scratch.names.get(database).ok_or_else(missing)?;
        Ok(self.session.run("entering a scratch database", &format!("USE {}", name(own))).map(drop)?)
    }

    fn run(&mut self, table: &TableEntry, deed: &str, sql: &str) -> Result<(), Error> {
        let deed = format!("{deed} {}.{}", table.database, table.table);
        Ok(self.session.run(&deed, sql).map(drop)?)
    }

    fn rows(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let progress = self.house.progress.start("loading", Some(manifest.rows), Unit::Rows);
        for (position, table) in manifest.tables.iter().enumerate() {
            self.enter(&table.database)?;
            for member in manifest.members_of(position) {
                self.member(table, member)?;
                progress.add(manifest.members[member].rows);
            }
        }
        Ok(())
    }

    fn member(&mut self, table: &TableEntry, member: usize) -> Result<(), Error> {
        let damaged =
            || self.dump.damaged_member(member, "has a text that is not UTF-8, or something else than rows");
        for insert in Inserts::of(self.dump, member)? {
            self.house.cancel.check()?;
            let sql = insert?.checked().ok().and_then(as_marked_utf8).ok_or_else(damaged)?;
            self.run(table, "loading", &sql)?;
        }
        Ok(())
    }

    /// Keys, what comes after the rows, and the comparison.
    fn finish(&mut self, table: &TableEntry) -> Result<(), Error> {
        self.enter(&table.database)?;
        for clauses in &table.indexes {
            self.run(table, "adding the keys of", &dump::alter(table, clauses))?;
        }
        for statement in &table.after {
            self.run(table, "setting the state of", statement)?;
        }
        if table.kind != TableKind::Table {
            return Ok(());
        }
        let own = &self.scratch.names[&table.database];
        let found = digest_table(self.session, own, &table.table, &table.columns)?;
        self.settle()?;
        if (found.rows, &found.digest) == (table.rows, &table.digest) {
            return Ok(());
        }
        let problem = format!(
            "restored, {}.{} has {} rows with the digest {}, and should have {} with {}",
            table.database, table.table, found.rows, found.digest, table.rows, table.digest
        );
        Err(archive::Error::damaged(self.dump.path(), problem).into())
    }

    fn objects(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let wanted = |object: &&ObjectEntry| object.kind != ObjectKind::Event;
        for view in manifest.objects.iter().filter(|object| object.kind == ObjectKind::View) {
            self.enter(&view.database)?;
            self.session.run("making room for a view", &dump::placeholder(view))?;
        }
        for object in manifest.objects.iter().filter(wanted) {
            self.house.cancel.check()?;
            self.enter(&object.database)?;
            let deed = format!("creating {}.{}", object.database, object.name);
            if object.kind == ObjectKind::View {
                self.session.run(&deed, &format!("DROP VIEW {}", name(&object.name)))?;
            }
            for statement in object.session.iter().flat_map(|statement| settings(statement)) {
                self.session.run(&deed, &statement)?;
            }
            let mode = Mode::set_by(&object.session);
            self.session.run(&deed, &self.scratch.requalified(&object.create, mode))?;
        }
        Ok(())
    }
}
