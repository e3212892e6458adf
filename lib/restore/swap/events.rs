//! Events sleep in a database that is not in use; how they were defined is kept beside them.
//!
//! In: the contents of a database. Out: a note in its state table, and back.

use super::sync_objects::{Contents, Events};
use super::{objects, state};
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::sql::{asleep, awake, is_awake, without_definer};

/// Writes down the events of a database as they were defined, because there they sleep.
pub(crate) fn remember(
    session: &mut Session,
    database: &str,
    table: &str,
    of: &Contents,
) -> Result<(), Error> {
    let objects = of.objects_in(database, Events::AsDefined);
    let events: Vec<_> = objects.into_iter().filter(|object| object.kind == objects::Kind::Event).collect();
    let text = serde_json::to_string(&events).expect("events have only string keys");
    state::put(session, database, table, "events", &text)
}

/// Puts the events of `contents` back to how they were defined.
pub(crate) fn recall(session: &mut Session, contents: &mut Contents) -> Result<(), Error> {
    let text = state::get(session, &contents.database, "events")?.unwrap_or_default();
    let events: Vec<objects::Object> = serde_json::from_str(&text).unwrap_or_default();
    // The definer may be another one by now.
    let put_to_sleep = |create: &str| asleep(&without_definer(create));
    for object in contents.objects.iter_mut().filter(|object| object.kind == objects::Kind::Event) {
        let known = events.iter().find(|event| event.name == object.name);
        let same = known.filter(|event| put_to_sleep(&event.create) == without_definer(&object.create));
        if same.is_some_and(|event| is_awake(&event.create)) {
            object.create = awake(&object.create);
        }
    }
    Ok(())
}
