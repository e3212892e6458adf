//! Events sleep in a database that is not in use; how they were defined is kept beside them.
//!
//! In: the contents of a database. Out: a note in its state table, and back.

use super::sync_objects::{Contents, Events};
use super::{objects, state};
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::sql::without_definer;

/// How the server writes that an event may fire, and that it may not.
const AWAKE: &str = " PRESERVE ENABLE";
const ASLEEP: &str = " PRESERVE DISABLE";

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
    let asleep = |create: &str| without_definer(create).replacen(AWAKE, ASLEEP, 1);
    for object in contents.objects.iter_mut().filter(|object| object.kind == objects::Kind::Event) {
        let known = events.iter().find(|event| event.name == object.name);
        let same = known.filter(|event| asleep(&event.create) == without_definer(&object.create));
        if same.is_some_and(|event| event.create.contains(AWAKE)) {
            object.create = object.create.replacen(ASLEEP, AWAKE, 1);
        }
    }
    Ok(())
}
