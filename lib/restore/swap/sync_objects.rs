//! Gives a database exactly the wanted views, routines, triggers and events, whatever it has now.
//!
//! In: a database, the objects that are wanted. Out: what could not be created, in words. Only objects that differ are changed,
//! so that grants on unchanged routines stay. A second run changes nothing, so that a killed swap can be finished.

use crate::sql;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::objects::{self, Object, StoredKind};
use super::state;
use super::views::{create_views, spoken_by_server};
use crate::mysql::{self, Engine, Session, number};
use crate::restore::error::Error;
use crate::restore::load::create_objects::under_collation;
use crate::sql::{Mode, asleep, literal, name, requalify, with_invoker, without_definer};

/// What a database holds, without the rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// Name of the database that the contents were read from.
    pub(crate) database: String,
    /// Default character set and collation.
    pub(crate) collation: (String, String),
    /// Names of the base tables.
    pub(crate) tables: Vec<String>,
    /// Views, routines, triggers and events.
    pub(crate) objects: Vec<Object>,
}

impl Contents {
    /// Reads the contents of a database. They are empty if it is not there.
    pub(crate) fn read(session: &mut Session, database: &str) -> Result<Self, Error> {
        if !state::exists(session, database)? {
            let collation = state::collation(session, database)?;
            return Ok(Self { database: database.to_owned(), collation, ..Self::default() });
        }
        Ok(Self {
            database: database.to_owned(),
            collation: state::collation(session, database)?,
            tables: objects::tables(session, database)?,
            objects: objects::read(session, database)?,
        })
    }

    /// Reads a `__previous` database for an undo. Its tables get the names that they have in the database in use.
    pub(crate) fn kept(session: &mut Session, database: &str) -> Result<Self, Error> {
        let mut contents = Self::read(session, database)?;
        contents.tables.retain(|table| !state::is_ours(table));
        contents.tables = contents.tables.iter().map(|table| state::called(table)).collect();
        // No refresh makes a view with the name of a state table in `__previous`, so such a view is not put back.
        contents.objects.retain(|object| object.kind != StoredKind::View || !state::is_ours(&object.name));
        for trigger in contents.objects.iter_mut().filter(|object| object.kind == StoredKind::Trigger) {
            *trigger = objects::on_table(trigger, &state::called(&trigger.table));
        }
        Ok(contents)
    }

    /// The triggers, in the order in which they are created.
    pub(crate) fn triggers(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.kind == StoredKind::Trigger)
    }

    /// The objects as they are made in the database `to`, with its name instead of this one's.
    pub(crate) fn objects_in(&self, to: &str, events: Events) -> Vec<Object> {
        let known: BTreeSet<String> = self
            .tables
            .iter()
            .cloned()
            .chain(self.objects.iter().map(|object| object.name.clone()))
            .collect();
        let place = |object: &Object| {
            let mut create =
                requalify(&object.create, &self.database, to, &known, Mode::of(&object.sql_mode));
            if object.kind == StoredKind::Event && events == Events::Asleep {
                create = asleep(&create);
            }
            Object { create, ..object.clone() }
        };
        self.objects.iter().map(place).collect()
    }
}

/// Whether events are created enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    /// Enabled or disabled as defined.
    AsDefined,
    /// Disabled: the database is being loaded, or is kept for an undo.
    Asleep,
}

/// Gives `database` exactly the objects in `wanted`. An object that the server refuses is an error if `strict`; else the returned
/// words name it.
pub(crate) fn make_exactly(
    session: &mut Session,
    database: &str,
    wanted: &[Object],
    strict: bool,
) -> Result<Vec<String>, Error> {
    let existing = objects::read(session, database)?;
    let mut works = ObjectSync { session, database, strict, told: Vec::new() };
    let tables_to_redo = tables_with_other_triggers(&existing, wanted);
    for old in existing.iter().rev() {
        let stays = match old.kind {
            StoredKind::Trigger => !tables_to_redo.contains(&old.table),
            // A view is replaced below, without a DROP.
            StoredKind::View => wanted.iter().any(|new| new.kind == old.kind && new.name == old.name),
            // On MariaDB routines and events too (CREATE OR REPLACE): their grants stay.
            _ => wanted.contains(old) || (works.session.engine() == Engine::MariaDb && names(wanted, old)),
        };
        if !stays {
            works.drop(old)?;
        }
    }
    let missing = |new: &&Object| match new.kind {
        StoredKind::Trigger => tables_to_redo.contains(&new.table),
        _ => !existing.contains(new),
    };
    let (views, others): (Vec<&Object>, Vec<&Object>) =
        wanted.iter().filter(missing).partition(|new| new.kind == StoredKind::View);
    // Kinds are ordered as they can be created: routines, views, triggers, events.
    let (before, after): (Vec<&Object>, Vec<&Object>) =
        others.into_iter().partition(|new| new.kind < StoredKind::View);
    for object in before {
        works.create(object)?;
    }
    works.create_views(views)?;
    for object in after {
        works.create(object)?;
    }
    Ok(works.told)
}

/// Creates one object in `database`, which becomes the session's default. Returns true if the account may not set the definer,
/// and is the definer itself: then an event is disabled, and a view or routine runs with the rights of its callers.
pub(crate) fn create(session: &mut Session, database: &str, object: &Object) -> Result<bool, mysql::Error> {
    let what = format!("creating the {}", object.describe(database));
    session.run(&format!("using {database}"), &format!("USE {}", name(database)))?;
    if !object.collation.is_empty() {
        session.attempt(&format!("SET SESSION collation_connection = {}", literal(&object.collation)));
    }
    if !object.time_zone.is_empty() {
        session.attempt(&format!("SET SESSION time_zone = {}", literal(&object.time_zone)));
    }
    session.attempt(&format!("SET SESSION sql_mode = {}", literal(&object.sql_mode)));
    let restored = lend_collation(session, database, object)?;
    let text = replacing(session.engine(), object);
    let collation = object.database_collation.as_str();
    let make = |session: &mut Session, sql: &str| match object.client.as_str() {
        "" => session.run(&what, sql),
        charset => session.run_as_client(&what, sql, charset),
    };
    let mut outcome =
        if matches!(object.kind, StoredKind::Function | StoredKind::Procedure) && !collation.is_empty() {
            under_collation(session, collation, |session| make(session, &text))
        } else {
            make(session, &text)
        };
    let mut ours = false;
    if outcome.as_ref().is_err_and(|e| e.number() == Some(number::SPECIFIC_ACCESS_DENIED)) {
        // This account may not create objects in another one's name. In its own name they would have its rights.
        ours = true;
        let own = without_definer(&text);
        let full = sql::qualified(database, &object.name);
        outcome = match object.kind {
            StoredKind::View | StoredKind::Package | StoredKind::PackageBody => {
                make(session, &with_invoker(&own, Mode::of(&object.sql_mode)))
            }
            StoredKind::Function | StoredKind::Procedure => make(session, &own).and_then(|_| {
                let kind = object.kind.words();
                session.run(&what, &format!("ALTER {kind} {full} SQL SECURITY INVOKER"))
            }),
            StoredKind::Trigger => make(session, &own),
            StoredKind::Event => make(session, &asleep(&own)),
        };
    }
    session.attempt("SET SESSION sql_mode = ''");
    session.attempt("SET NAMES utf8mb4");
    session.attempt("SET SESSION time_zone = '+00:00'");
    if let Some(collation) = restored {
        session.run(&format!("setting the collation of {database}"), &collation)?;
    }
    outcome.map(|_| ours)
}

/// Gives the database the collation that a routine's parameters had: they take it from the database when the routine is made.
/// Returns the statement that sets the database's own collation again. If a swap is killed in between, finishing or reverting it
/// does so.
fn lend_collation(
    session: &mut Session,
    database: &str,
    object: &Object,
) -> Result<Option<String>, mysql::Error> {
    if !matches!(object.kind, StoredKind::Function | StoredKind::Procedure)
        || object.database_collation.is_empty()
    {
        return Ok(None);
    }
    let sql = "SELECT @@collation_database";
    let own = session.first::<String>("reading the collation", sql)?.unwrap_or_default();
    let alter = |collation: &str| format!("ALTER DATABASE {} COLLATE {collation}", name(database));
    // If the server does not know that collation, the database keeps its own.
    let differs = own != object.database_collation && session.attempt(&alter(&object.database_collation));
    Ok(differs.then(|| alter(&own)))
}

/// The statement that creates an object, with OR REPLACE where the server has that.
fn replacing(engine: Engine, object: &Object) -> String {
    let replaceable = match object.kind {
        StoredKind::View => true,
        StoredKind::Trigger => false,
        _ => engine == Engine::MariaDb,
    };
    if replaceable {
        object.create.replacen("CREATE ", "CREATE OR REPLACE ", 1)
    } else {
        object.create.clone()
    }
}

fn names(wanted: &[Object], old: &Object) -> bool {
    wanted.iter().any(|new| new.kind == old.kind && new.name == old.name)
}

/// Names of tables whose triggers differ, or fire in another order.
fn tables_with_other_triggers(existing: &[Object], wanted: &[Object]) -> BTreeSet<String> {
    let of = |all: &[Object], table: &str| -> Vec<Object> {
        all.iter().filter(|o| o.kind == StoredKind::Trigger && o.table == table).cloned().collect()
    };
    let tables: BTreeSet<String> = existing
        .iter()
        .chain(wanted)
        .filter(|o| o.kind == StoredKind::Trigger)
        .map(|o| o.table.clone())
        .collect();
    tables.into_iter().filter(|table| of(existing, table) != of(wanted, table)).collect()
}

/// The state of one call of [`make_exactly`], with the words that it returns.
struct ObjectSync<'a> {
    session: &'a mut Session,
    database: &'a str,
    strict: bool,
    told: Vec<String>,
}

impl ObjectSync<'_> {
    fn drop(&mut self, object: &Object) -> Result<(), Error> {
        let what = format!("dropping the {}", object.describe(self.database));
        let full = sql::qualified(self.database, &object.name);
        self.session.run(&what, &format!("DROP {} IF EXISTS {full}", object.kind.words()))?;
        Ok(())
    }

    fn create(&mut self, object: &Object) -> Result<(), Error> {
        match create(self.session, self.database, object) {
            Ok(ours) => {
                self.tell_ours(object, ours);
                Ok(())
            }
            Err(e) if self.strict || !spoken_by_server(&e) => Err(e.into()),
            Err(e) => {
                self.tell(object, &e);
                Ok(())
            }
        }
    }

    fn create_views(&mut self, views: Vec<&Object>) -> Result<(), Error> {
        let (session, database) = (&mut *self.session, self.database);
        let mut refused = create_views(views, |view| create(session, database, view).map(drop))?;
        if self.strict && !refused.is_empty() {
            return Err(refused.swap_remove(0).1.into());
        }
        for (view, error) in &refused {
            self.tell(view, error);
        }
        Ok(())
    }

    fn tell_ours(&mut self, object: &Object, ours: bool) {
        if ours && matches!(object.kind, StoredKind::Trigger | StoredKind::Event) {
            let asleep = if object.kind == StoredKind::Event { ", and it sleeps" } else { "" };
            self.told.push(format!(
                "{} is in this account's name now, since it may not make it in that of its definer{asleep}",
                object.describe(self.database)
            ));
        }
    }

    fn tell(&mut self, object: &Object, error: &mysql::Error) {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        self.told.push(format!("{} could not be created: {cause}", object.describe(self.database)));
    }
}
