//! Objects of a database that is not in use: its events are disabled, and its views run with the rights of their callers. Their
//! definitions are kept beside them.
//!
//! In: the contents of a database. Out: its objects as they can be made there; their definitions, written into the state table
//! and read back. While a refresh is at work the events are kept in memory instead: a branch's SQL may write into the staging
//! database, so nothing there can be trusted.
//!
//! A view's definer may have rights in the database in use alone: elsewhere, a view in its name could not even be made.

use super::objects::{Object, StoredKind, on_table};
use super::state;
use super::sync_objects::{Contents, Events};
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::sql::{Mode, asleep, awake, is_awake, with_invoker, without_definer};

/// Key of the definitions in the state table.
const KEY: &str = "objects";

/// Returns the objects of `contents` as they are made in the database `to`, which is not in use. A view with the name of a state
/// table is left out here, and only [`remember`] keeps it.
pub(crate) fn stored(contents: &Contents, to: &str) -> Vec<Object> {
    let mut objects = contents.objects_in(to, Events::Asleep);
    objects.retain(|object| object.kind != StoredKind::View || !state::is_ours(&object.name));
    for trigger in objects.iter_mut().filter(|object| object.kind == StoredKind::Trigger) {
        *trigger = on_table(trigger, &state::kept_as(&trigger.table));
    }
    for view in objects.iter_mut().filter(|object| object.kind == StoredKind::View) {
        view.create = with_invoker(&without_definer(&view.create), Mode::default());
    }
    objects
}

/// Writes the definitions of events and views into the state table of a `__previous` database.
pub(crate) fn remember(session: &mut Session, database: &str, of: &Contents) -> Result<(), Error> {
    let mut objects = of.objects_in(database, Events::AsDefined);
    objects.retain(|object| matches!(object.kind, StoredKind::Event | StoredKind::View));
    let text = serde_json::to_string(&objects).expect("objects have only string keys");
    state::put(session, database, state::PREVIOUS, KEY, &text)
}

/// Gives the events and views in `contents`, read from `__previous`, their definitions back.
pub(crate) fn recall(session: &mut Session, contents: &mut Contents) -> Result<(), Error> {
    let text = match state::get(session, &contents.database, KEY)? {
        Some(text) => text,
        // An earlier version wrote the events alone, under this key.
        None => state::get(session, &contents.database, "events")?.unwrap_or_default(),
    };
    let defined: Vec<Object> = serde_json::from_str(&text).unwrap_or_default();
    wake(contents, &defined);
    let bare = |create: &str| with_invoker(&without_definer(create), Mode::default());
    for view in contents.objects.iter_mut().filter(|object| object.kind == StoredKind::View) {
        let known = defined.iter().find(|object| object.kind == StoredKind::View && object.name == view.name);
        if let Some(known) = known.filter(|known| bare(&known.create) == bare(&view.create)) {
            view.create.clone_from(&known.create);
        }
    }
    // Some views could not be made in `__previous`: they call a function whose definer has rights in the database in use alone.
    let is_there =
        |view: &Object| contents.objects.iter().any(|o| o.kind == StoredKind::View && o.name == view.name);
    let of_table = |view: &Object| contents.tables.contains(&view.name);
    let missing: Vec<Object> =
        defined.into_iter().filter(|o| o.kind == StoredKind::View && !is_there(o) && !of_table(o)).collect();
    contents.objects.extend(missing);
    Ok(())
}

/// Enables the events that are enabled in `defined`, unless their text differs. Returns the names of events that differ or are
/// not in `defined`.
pub(crate) fn wake(contents: &mut Contents, defined: &[Object]) -> Vec<String> {
    let mut others = Vec::new();
    // The definer may have changed, so it is not compared.
    let put_to_sleep = |create: &str| asleep(&without_definer(create));
    for object in contents.objects.iter_mut().filter(|object| object.kind == StoredKind::Event) {
        let known = defined.iter().find(|known| known.kind == StoredKind::Event && known.name == object.name);
        match known.filter(|known| put_to_sleep(&known.create) == without_definer(&object.create)) {
            Some(known) if is_awake(&known.create) => object.create = awake(&object.create),
            Some(_) => {}
            None => others.push(object.name.clone()),
        }
    }
    others
}
