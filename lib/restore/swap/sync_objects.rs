//! Makes a database have exactly the wanted views, routines, triggers and events, whatever it has now.
//!
//! In: a database, the objects that it is to have (see [`Contents`]). Out: what could not be created, in words. Only what differs is touched (so that
//! grants on unchanged routines stay), and doing it twice is the same as doing it once: that is what lets a killed
//! swap be finished.

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

/// What a database is made of, but for its rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// The database it was read from.
    pub(crate) database: String,
    /// Default character set and collation.
    pub(crate) collation: (String, String),
    /// Names of the base tables.
    pub(crate) tables: Vec<String>,
    /// Views, routines, triggers and events.
    pub(crate) objects: Vec<Object>,
}

impl Contents {
    /// Reads all of it; a database that is not there has nothing.
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

    /// Reads a `__previous` database, kept for an undo. There tables have other names: here they have those of the database in use.
    pub(crate) fn kept(session: &mut Session, database: &str) -> Result<Self, Error> {
        let mut contents = Self::read(session, database)?;
        contents.tables.retain(|table| !state::is_ours(table));
        contents.tables = contents.tables.iter().map(|table| state::called(table)).collect();
        // A view under the name of one of our own tables is no object to put back: nobody may have one there.
        contents.objects.retain(|object| object.kind != StoredKind::View || !state::is_ours(&object.name));
        for trigger in contents.objects.iter_mut().filter(|object| object.kind == StoredKind::Trigger) {
            *trigger = objects::on_table(trigger, &state::called(&trigger.table));
        }
        Ok(contents)
    }

    /// The triggers, in creation order.
    pub(crate) fn triggers(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.kind == StoredKind::Trigger)
    }

    /// The objects as they are to be in the database `to`. Events sleep in a database that is not in use.
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

/// Whether events of a database may fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    /// As they were defined.
    AsDefined,
    /// Disabled: the database is being loaded, or is kept for an undo.
    Asleep,
}

/// Makes `database` have exactly `wanted`. What cannot be created is an error if `strict`, else it is among what is returned.
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
            // Replaced in place below.
            StoredKind::View => wanted.iter().any(|new| new.kind == old.kind && new.name == old.name),
            // So are these on MariaDB (CREATE OR REPLACE), which keeps their grants.
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

/// Creates one object in its database, which becomes the session's default one. Returns whether it had to be made in our own name:
/// an event then sleeps, a view or a routine has the rights of whoever uses it.
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
        // Only an administrator may create things in somebody else's name. In ours they would have our rights.
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

/// The parameters of a routine have the collation that its database had when it was made. It is lent to the database for as long as it
/// takes to make the routine; returned is the statement that takes it back. A swap that is killed meanwhile sets it again when it is
/// finished or reverted.
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

/// The statement that also replaces an older one, where the server has such a statement.
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

/// Tables whose triggers differ, or fire in another order.
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

/// One call of [`make_exactly`], with what is to be told at its end.
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
