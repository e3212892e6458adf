//! Creates the dump's views, routines, triggers and events in the staging database.
//!
//! In: the manifest's objects. Out: the same objects under the staging database's name, with events disabled; and the events as
//! they were defined, so that those that were enabled can be enabled again at the swap.

use std::collections::BTreeSet;

use super::job::LoadJob;
use crate::archive::{ObjectEntry, ObjectKind};
use crate::house::House;
use crate::mysql::{self, Session};
use crate::restore::error::Error;
use crate::restore::swap::objects::{self, Object};
use crate::restore::swap::views::create_views;
use crate::sql::{self, Mode, asleep, is_awake, name, requalify, settings, without_definer};

/// Creates the views, routines, triggers and events. Returns the events as they were defined.
pub(crate) fn furnish(house: &House, job: &LoadJob) -> Result<Vec<Object>, Error> {
    let mut session = job.server.connect_to(Some(&job.staging))?;
    let manifest = job.dump.manifest();
    let entries: Vec<&ObjectEntry> =
        manifest.objects.iter().filter(|object| object.database == job.database).collect();
    let known: BTreeSet<String> = job
        .tables()
        .map(|(_, table)| table.table.clone())
        .chain(entries.iter().map(|entry| entry.name.clone()))
        .collect();
    let place = |entry: &ObjectEntry| {
        let mode = Mode::set_by(&entry.session);
        requalify(&entry.create, &job.database, &job.staging, &known, mode)
    };
    let (views, others): (Vec<&ObjectEntry>, Vec<&ObjectEntry>) =
        entries.iter().partition(|entry| entry.kind == ObjectKind::View);
    let (before, after): (Vec<&ObjectEntry>, Vec<&ObjectEntry>) =
        others.into_iter().partition(|entry| !matches!(entry.kind, ObjectKind::Trigger | ObjectKind::Event));
    for entry in before {
        create(&mut session, entry, &place(entry))?;
    }
    let mut refused = create_views(views, |view| create(&mut session, view, &place(view)))?;
    if !refused.is_empty() {
        return Err(refused.swap_remove(0).1.into());
    }
    for entry in after {
        house.cancel.check()?;
        let text = place(entry);
        let text = if entry.kind == ObjectKind::Event { asleep(&text) } else { text };
        create(&mut session, entry, &text)?;
    }
    events_as_defined(&mut session, job)
}

fn create(session: &mut Session, entry: &ObjectEntry, text: &str) -> Result<(), mysql::Error> {
    let deed = format!("creating the {} {}", words(entry.kind), entry.name);
    for statement in entry.session.iter().flat_map(|statement| settings(statement)) {
        session.run(&deed, &statement)?;
    }
    // The definers of the source have no account on this server. `loader/definer.rs` sets other ones before the swap.
    let text = without_definer(text);
    let make = |session: &mut Session| match &entry.client {
        Some(charset) => session.run_as_client(&deed, &text, charset),
        None => session.run(&deed, &text),
    };
    let outcome = match &entry.database_collation {
        // The default collation of a routine's texts is that of its database when the routine is created.
        Some(collation) => under_collation(session, collation, make),
        None => make(session),
    };
    for statement in ["SET NAMES utf8mb4", "SET time_zone = '+00:00'"] {
        session.run(&deed, statement)?;
    }
    outcome.map(drop)
}

/// Runs `work` while the default database has another collation. If the server refuses that collation, the database keeps its
/// own.
pub(crate) fn under_collation<T>(
    session: &mut Session,
    collation: &str,
    work: impl FnOnce(&mut Session) -> Result<T, mysql::Error>,
) -> Result<T, mysql::Error> {
    let deed = "reading the collation of the database";
    let now: Option<(String, String)> = session.first(deed, "SELECT DATABASE(), @@collation_database")?;
    let Some((database, now)) = now.filter(|(_, now)| now != collation) else { return work(session) };
    let alter = |collation: &str| format!("ALTER DATABASE {} COLLATE {collation}", name(&database));
    let is_changed = session.attempt(&alter(collation));
    let outcome = work(session);
    if is_changed {
        session.run("setting the collation of the database", &alter(&now))?;
    }
    outcome
}

fn words(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Function => "function",
        ObjectKind::Procedure => "procedure",
        ObjectKind::Package => "package",
        ObjectKind::PackageBody => "package body",
        ObjectKind::View => "view",
        ObjectKind::Trigger => "trigger",
        ObjectKind::Event => "event",
    }
}

/// Reads the events back as the database in use will have them: enabled if the dump has them enabled.
fn events_as_defined(session: &mut Session, job: &LoadJob) -> Result<Vec<Object>, Error> {
    let awake: BTreeSet<&str> = job
        .dump
        .manifest()
        .objects
        .iter()
        .filter(|entry| entry.kind == ObjectKind::Event && entry.database == job.database)
        .filter(|entry| is_awake(&entry.create))
        .map(|entry| entry.name.as_str())
        .collect();
    session.run("setting the SQL mode", "SET sql_mode = ''")?;
    let mut events = objects::events(session, &job.staging)?;
    for event in events.iter_mut().filter(|event| awake.contains(event.name.as_str())) {
        event.create = sql::awake(&event.create);
    }
    Ok(events)
}
