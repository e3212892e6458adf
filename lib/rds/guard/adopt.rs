//! Creating something exactly once, though no call of the service is idempotent.
//!
//! ```text
//! journal the intent -> the document owes it -> create
//!   made                       -> record its resource id
//!   taken, or busy and there   -> ours by its tags? adopt it : strike the intent and say whose it is
//! ```
//!
//! In: a name that is a pure function of the run, and the create call. Out: the thing. A kill at any point leaves a
//! journal entry or a tag by which `rds-drop` finds what is there.

use jiff::Timestamp;

use super as guard;
use crate::aws::{Fault, FaultClass, label};
use crate::document::{Document, Resource, ResourceKind};
use crate::house::House;
use crate::rds::api::Thing;
use crate::rds::desk::Desk;
use crate::rds::error::Error;
use crate::rds::names::{TAG_EXPIRES, TAG_MANAGED, TAG_RUN, tag_value};
use crate::rds::poll::states;

/// What is about to be created.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name.
    pub id: String,
    /// What it must be of, to be taken for ours: the source of a snapshot, the cluster of an instance.
    pub parent: Option<String>,
    /// When the reaper may take it.
    pub expires_at: Timestamp,
}

impl Intent {
    /// Something of this run that expires as configured.
    pub(crate) fn new(house: &House, kind: ResourceKind, id: &str) -> Self {
        let seconds = i64::try_from(house.config.snapshot.expires.duration().as_secs()).unwrap_or(i64::MAX);
        let now = Timestamp::now().as_second();
        let expires_at = Timestamp::from_second(now.saturating_add(seconds)).unwrap_or(Timestamp::MAX);
        Self { kind, id: id.to_owned(), parent: None, expires_at }
    }

    /// Our tags for it.
    pub(crate) fn tags(&self, run: &str) -> Vec<(String, String)> {
        vec![
            (TAG_RUN.to_owned(), tag_value(run)),
            (TAG_MANAGED.to_owned(), "true".to_owned()),
            (TAG_EXPIRES.to_owned(), self.expires_at.to_string()),
        ]
    }

    /// Before the call.
    fn intended(&self) -> Resource {
        Resource { intended_at: Some(Timestamp::now()), ..self.answered(None) }
    }

    /// After it.
    fn answered(&self, resource_id: Option<String>) -> Resource {
        Resource { resource_id, expires_at: Some(self.expires_at), ..Resource::new(self.kind, &self.id) }
    }
}

/// Creates it, or adopts what an earlier try of this run created.
pub(crate) fn create(
    desk: &Desk<'_>,
    document: &mut Document,
    intent: &Intent,
    mut call: impl FnMut() -> Result<Thing, Fault>,
) -> Result<Thing, Error> {
    desk.house.cancel.check()?;
    owe(desk, document, intent.intended())?;
    let run = document.run.clone();
    let made = desk.call(true, || match call() {
        // The first answer may have been lost: what was busy may be busy with our own order.
        Err(fault) if matches!(fault.class, FaultClass::AlreadyExists | FaultClass::Busy) => {
            match desk.cloud.look(intent.kind, &intent.id)? {
                // An earlier try of this run was cleaned up, but not quite yet.
                Some(thing) if states::is_leaving(&thing.status) => {
                    Err(Fault { class: FaultClass::Busy, ..fault })
                }
                Some(thing) => Ok(Err(thing)),
                None => Err(fault),
            }
        }
        other => other.map(Ok),
    })?;
    let thing = match made {
        Ok(thing) => thing,
        Err(there) => adopt(desk, document, intent, there, &run)?,
    };
    let resource_id = Some(thing.resource_id.clone()).filter(|id| !id.is_empty());
    owe(desk, document, intent.answered(resource_id))?;
    Ok(thing)
}

fn adopt(
    desk: &Desk<'_>,
    document: &mut Document,
    intent: &Intent,
    there: Thing,
    run: &str,
) -> Result<Thing, Error> {
    let foreign = guard::is_of_run(&there, run).map_err(|refusal| refusal.to_string()).err();
    let other_parent = (intent.parent.is_some() && intent.parent != there.parent)
        .then(|| format!("it is of {}", there.parent.as_deref().unwrap_or("nothing")));
    if let Some(why) = foreign.or(other_parent) {
        desk.house.journal(run).strike(intent.kind, &intent.id)?;
        document.settle(intent.kind, &intent.id);
        desk.house.remember(document);
        return Err(Error::Conflict { what: there.label(), why });
    }
    desk.house
        .progress
        .say(&format!("{} of this run is there already: adopted", label(intent.kind, &intent.id)));
    Ok(there)
}

/// Written down in the journal first, then in the document, then remembered for a signal.
fn owe(desk: &Desk<'_>, document: &mut Document, resource: Resource) -> Result<(), Error> {
    desk.house.journal(&document.run).record(&resource)?;
    document.owe(resource);
    desk.house.remember(document);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_intent_says_is_in_the_documents_schema() {
        let (kind, expires_at) = (ResourceKind::Cluster, Timestamp::MAX);
        let intent = Intent { kind, id: "kit-1".to_owned(), parent: None, expires_at };
        let schema = crate::document::json_schema();
        let fields = schema["$defs"]["Resource"]["properties"].as_object().unwrap();
        let written = serde_json::to_value(intent.intended()).unwrap();
        for field in written.as_object().unwrap().keys() {
            assert!(fields.contains_key(field), "{field}");
        }
        let at = written["intended_at"].as_str().unwrap();
        assert!(at.parse::<Timestamp>().is_ok() && at.ends_with('Z'), "{at}");
        assert_eq!(intent.answered(None).intended_at, None);
    }
}
