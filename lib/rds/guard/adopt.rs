//! Creates a resource exactly once, though no call of the service is idempotent.
//!
//! ```text
//! intent into the journal -> resource into the document -> create call
//!   made                                  -> record its resource id
//!   name taken, or busy and it exists     -> ours by its tags? adopt it : intent out of the journal, another's into it, fail
//! ```
//!
//! In: a name that is a pure function of the run, and the create call. Out: the resource. A kill at any point leaves a
//! journal entry or a tag with which `rds-drop` finds it. A resource is ours if its tags have this run, owner and source, and the
//! random word that our journal had before the call: of two runs of one name, only one has that word.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{self as guard, Asker, OwnershipClaim, RequiredOwner};
use crate::aws::{CallFailure, FaultClass, label};
use crate::document::{Document, Resource, ResourceKind};
use crate::house::House;
use crate::rds::api::Thing;
use crate::rds::desk::Desk;
use crate::rds::error::Error;
use crate::rds::names::{TAG_EXPIRES, TAG_INTENT, TAG_MANAGED, TAG_OWNER, TAG_RUN, TAG_SOURCE, tag_value};
use crate::rds::poll::states;

/// A resource that is about to be created.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub kind: ResourceKind,
    pub id: String,
    /// The source of a snapshot, or the cluster of an instance: an existing resource with another one is not ours.
    pub parent: Option<String>,
    /// Tags that the configuration adds.
    pub more_tags: BTreeMap<String, String>,
    /// When `rds-drop --expired` may delete it.
    expires_at: Timestamp,
    owner: String,
    /// The resource id of the source.
    source: String,
    /// The random word of the create call; that of the journal if an earlier attempt of this run recorded one.
    word: String,
}

impl Intent {
    /// A resource of this run with data of `source`, which expires after `[snapshot] expires`.
    pub(crate) fn new(
        house: &House,
        run: &str,
        source: &str,
        (kind, id): (ResourceKind, &str),
    ) -> Result<Self, Error> {
        let seconds = i64::try_from(house.config.snapshot.expires.duration().as_secs()).unwrap_or(i64::MAX);
        let now = Timestamp::now().as_second();
        let expires_at = Timestamp::from_second(now.saturating_add(seconds)).unwrap_or(Timestamp::MAX);
        let known = house.journal(run).resources()?;
        let known = known.into_iter().find(|known| known.kind == kind && known.id == id);
        let word = known.and_then(|known| known.intent);
        Ok(Self {
            kind,
            id: id.to_owned(),
            parent: None,
            more_tags: BTreeMap::new(),
            expires_at,
            owner: house.owner()?,
            source: source.to_owned(),
            word: word.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>())),
        })
    }

    /// Its tags: ours, and those that the configuration adds.
    pub(crate) fn tags(&self, run: &str) -> Vec<(String, String)> {
        let pair = |key: &str, value: String| (key.to_owned(), value);
        let mut tags = vec![
            pair(TAG_RUN, tag_value(run)),
            pair(TAG_MANAGED, "true".to_owned()),
            pair(TAG_EXPIRES, self.expires_at.to_string()),
            pair(TAG_OWNER, tag_value(&self.owner)),
            pair(TAG_SOURCE, tag_value(&self.source)),
            pair(TAG_INTENT, self.word.clone()),
        ];
        tags.extend(self.more_tags.clone());
        tags
    }

    /// What must be true of an existing resource of this name to be ours.
    fn claim(&self, run: &str) -> OwnershipClaim {
        OwnershipClaim {
            prefix: String::new(),
            asker: Asker::Run(run.to_owned()),
            owner: RequiredOwner::Of(self.owner.clone()),
            source: Some(self.source.clone()),
            intent: Some(self.word.clone()),
            resource_id: None,
            sources: Vec::new(),
        }
    }

    /// The journal's entry before the create call: without a resource id.
    fn intended(&self) -> Resource {
        Resource { intended_at: Some(Timestamp::now()), ..self.answered(None) }
    }

    fn answered(&self, resource_id: Option<String>) -> Resource {
        Resource {
            resource_id,
            expires_at: Some(self.expires_at),
            source: Some(self.source.clone()),
            intent: Some(self.word.clone()),
            ..Resource::new(self.kind, &self.id)
        }
    }
}

/// Creates the resource, or adopts the one that an earlier attempt of this run created.
pub(crate) fn create(
    desk: &Desk<'_>,
    document: &mut Document,
    intent: &Intent,
    mut call: impl FnMut() -> Result<Thing, CallFailure>,
) -> Result<Thing, Error> {
    desk.house.cancel.check()?;
    owe(desk, document, intent.intended())?;
    let run = document.run.clone();
    let begun = desk.clock.now();
    let made = desk.call(true, || match call() {
        // The answer to our first call may have been lost: then the name is taken, or the source busy, because of that call.
        Err(fault) if matches!(fault.class, FaultClass::AlreadyExists | FaultClass::Busy) => {
            match desk.cloud.look(intent.kind, &intent.id)? {
                // What an earlier attempt of this run made is still being deleted.
                Some(thing) if states::is_leaving(&thing.status) => {
                    Err(CallFailure { class: FaultClass::Busy, ..fault })
                }
                Some(thing) => match desk.with_tags(thing)? {
                    thing if !thing.tags.contains_key(TAG_MANAGED) && desk.is_newborn(&thing, begun) => {
                        Err(CallFailure { class: FaultClass::Busy, ..fault })
                    }
                    thing => Ok(Err(thing)),
                },
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
    let foreign =
        guard::fits_by_tags(&there, &intent.claim(run)).map_err(|refusal| refusal.to_string()).err();
    let other_parent = (intent.parent.is_some() && intent.parent != there.parent)
        .then(|| format!("it is of {}", there.parent.as_deref().unwrap_or("nothing")));
    if let Some(why) = foreign.or(other_parent) {
        desk.house.journal(run).disown(intent.kind, &intent.id)?;
        document.forget_resource(intent.kind, &intent.id);
        desk.house.remember(document);
        return Err(Error::Conflict { what: there.label(), why });
    }
    desk.house
        .progress
        .say(&format!("{} of this run is there already: adopted", label(intent.kind, &intent.id)));
    Ok(there)
}

/// Records a resource in the journal first, then in the document, and remembers the document in case a signal comes.
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
        let intent = Intent {
            kind: ResourceKind::Cluster,
            id: "kit-1".to_owned(),
            parent: None,
            more_tags: BTreeMap::new(),
            expires_at: Timestamp::MAX,
            owner: "agent1-1".to_owned(),
            source: "cluster-A".to_owned(),
            word: "w".to_owned(),
        };
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
