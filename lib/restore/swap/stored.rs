//! In a database that is not in use events sleep, and views run with the rights of whoever asks them; how they were defined is kept
//! beside them.
//!
//! In: the contents of a database. Out: its objects as they can be there; a note in the state table, and back; or, while a
//! refresh is at work, the events themselves, because what is kept where the SQL of a branch may write cannot be believed.
//!
//! A view's definer may have rights in the database in use alone: a view in its name could not even be made elsewhere.

use super::objects::{Object, StoredKind, on_table};
use super::state;
use super::sync_objects::{Contents, Events};
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::sql::{Mode, asleep, awake, is_awake, with_invoker, without_definer};

/// The key of the state table under which the definitions are.
const KEY: &str = "objects";

/// The objects of `contents` as they are to be in the database `to` while it is not in use. A view that is called like one of our
/// tables is not there, only written down.
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

/// Writes down the events and views of a `__previous` database as they were defined.
pub(crate) fn remember(session: &mut Session, database: &str, of: &Contents) -> Result<(), Error> {
    let mut objects = of.objects_in(database, Events::AsDefined);
    objects.retain(|object| matches!(object.kind, StoredKind::Event | StoredKind::View));
    let text = serde_json::to_string(&objects).expect("objects have only string keys");
    state::put(session, database, state::PREVIOUS, KEY, &text)
}

/// Puts the events and views of a `__previous` database back to how they were defined.
pub(crate) fn recall(session: &mut Session, contents: &mut Contents) -> Result<(), Error> {
    let text = match state::get(session, &contents.database, KEY)? {
        Some(text) => text,
        // What an earlier version wrote down: the events alone.
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
    // One that calls a function whose definer has rights in the database in use alone could not be made beside it.
    let is_there =
        |view: &Object| contents.objects.iter().any(|o| o.kind == StoredKind::View && o.name == view.name);
    let of_table = |view: &Object| contents.tables.contains(&view.name);
    let missing: Vec<Object> =
        defined.into_iter().filter(|o| o.kind == StoredKind::View && !is_there(o) && !of_table(o)).collect();
    contents.objects.extend(missing);
    Ok(())
}

/// Wakes the events that were awake when they were defined, unless they are others by now. Returns the names of those others.
pub(crate) fn wake(contents: &mut Contents, defined: &[Object]) -> Vec<String> {
    let mut others = Vec::new();
    // The definer may be another one by now.
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
