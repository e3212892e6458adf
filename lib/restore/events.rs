//! Events sleep in a database that is not in use; how they were defined is kept beside them.
//!
//! In: the contents of a database. Out: a note in its state table, and back.

use super::settle::{Contents, Events};
use super::{Error, objects, state};
use crate::mysql::Session;

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
    for object in &mut contents.objects {
        let asleep =
            |event: &objects::Object| event.create.replacen(" PRESERVE ENABLE", " PRESERVE DISABLE", 1);
        if let Some(event) = events.iter().find(|e| e.kind == object.kind && asleep(e) == object.create) {
            object.create.clone_from(&event.create);
        }
    }
    Ok(())
}
