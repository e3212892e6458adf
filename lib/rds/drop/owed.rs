//! What is to be deleted: the document, the journal and the tags, put together.
//!
//! In: a document, its run's journal, and (for a named run or the reaper) everything that is tagged. Out: a list in
//! the order of deletion: instances, clusters, snapshots.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::aws::label;
use crate::document::{AnyKind, Document, ResourceKind};
use crate::house::House;
use crate::rds::api::{Listing, Thing};
use crate::rds::desk::Desk;
use crate::rds::error::Error;
use crate::rds::guard::{Asker, Claim};
use crate::rds::names;
use crate::rds::names::{TAG_MANAGED, TAG_RUN, is_ours, tag_value};

/// Everything that has a name, in the order of deletion.
pub(crate) const KINDS: [ResourceKind; 4] = [
    ResourceKind::Instance,
    ResourceKind::Cluster,
    ResourceKind::ClusterSnapshot,
    ResourceKind::InstanceSnapshot,
];

/// One thing to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owed {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name.
    pub id: String,
    /// What the service called it when it was made.
    pub resource_id: Option<String>,
    /// Whose journal it is in.
    pub run: String,
    /// When its creation was about to be asked for, if no answer was ever recorded.
    pub unanswered_since: Option<Timestamp>,
}

impl Owed {
    /// One of which nothing is known but its name.
    pub(crate) fn new(kind: ResourceKind, id: &str, run: &str) -> Self {
        Self { kind, id: id.to_owned(), resource_id: None, run: run.to_owned(), unanswered_since: None }
    }

    /// One that the document knows of.
    pub(crate) fn of(document: &Document, kind: ResourceKind, id: &str) -> Self {
        let known = document.resources.iter().find(|known| known.kind == kind && known.id == id);
        let resource_id = known.and_then(|known| known.resource_id.clone());
        Self { resource_id, ..Self::new(kind, id, &document.run) }
    }

    /// `cluster x`.
    pub(crate) fn label(&self) -> String {
        label(self.kind, &self.id)
    }

    /// What we claim about it.
    pub(crate) fn claim(&self, house: &House, prefix: &str, asker: &Asker) -> Claim {
        let source = &house.config.source;
        Claim {
            prefix: prefix.to_owned(),
            asker: asker.clone(),
            resource_id: self.resource_id.clone(),
            sources: source.cluster.iter().chain(source.instance.iter()).cloned().collect(),
        }
    }
}

/// A list without doubles.
#[derive(Debug, Default)]
pub(crate) struct List(BTreeMap<(ResourceKind, String), Owed>);

impl List {
    /// Adds one; what is known of it stays.
    pub(crate) fn add(&mut self, owed: Owed) {
        let known = self.0.entry((owed.kind, owed.id.clone())).or_insert_with(|| owed.clone());
        known.resource_id = known.resource_id.take().or(owed.resource_id);
        known.unanswered_since = known.unanswered_since.and(owed.unanswered_since);
    }

    /// In the order of deletion.
    pub(crate) fn into_vec(self) -> Vec<Owed> {
        self.0.into_values().collect()
    }

    /// Whether nothing is owed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What the document and the run's journal know. A journal that cannot be read does not keep the document's
/// resources alive, nor does a resource that only a newer version can delete: the error is handed back beside them.
pub(crate) fn written(house: &House, document: &Document) -> (List, Option<Error>) {
    let mut list = List::default();
    let mut unknown = BTreeSet::new();
    let (journal, trouble) = match house.journal(&document.run).resources() {
        Ok(resources) => (resources, None),
        Err(error) => (Vec::new(), Some(error.into())),
    };
    for resource in document.resources.iter().chain(&journal) {
        let kind = match &resource.kind {
            AnyKind::Known(kind) => *kind,
            AnyKind::Unknown(word) => {
                unknown.insert(format!("{word} {}", resource.id));
                continue;
            }
        };
        list.add(Owed {
            resource_id: resource.resource_id.clone(),
            // The call may still be on its way: a killed tool leaves only its intent.
            unanswered_since: resource.intended_at,
            ..Owed::new(kind, &resource.id, &document.run)
        });
    }
    let strange = (!unknown.is_empty()).then(|| Error::UnknownKinds(unknown.into_iter().collect()));
    (list, trouble.or(strange))
}

/// Adds what is tagged: with `run`, or, without one, whatever has expired.
pub(crate) fn tagged(desk: &Desk<'_>, prefix: &str, asker: &Asker, list: &mut List) -> Result<(), Error> {
    for kind in KINDS {
        let all = desk.call(false, || desk.cloud.list(kind, Listing::All))?;
        for thing in all.into_iter().filter(|thing| concerns(thing, prefix, asker)) {
            let run = match asker {
                Asker::Run(run) => run.clone(),
                Asker::Reaper(_) => thing.tags.get(TAG_RUN).cloned().unwrap_or_default(),
            };
            list.add(Owed::new(kind, &thing.id, &run));
        }
    }
    Ok(())
}

/// Whether a thing's tags say that it is this asker's to delete.
fn concerns(thing: &Thing, prefix: &str, asker: &Asker) -> bool {
    let managed = thing.tags.get(TAG_MANAGED).map(String::as_str) == Some("true");
    let tag = |name: &str| thing.tags.get(name).map(String::as_str);
    managed
        && match asker {
            Asker::Run(run) => tag(TAG_RUN) == Some(tag_value(run).as_str()),
            Asker::Reaper(now) => is_ours(prefix, &thing.id) && has_expired(thing, *now),
        }
}

fn has_expired(thing: &Thing, now: Timestamp) -> bool {
    let expires = thing.tags.get(names::TAG_EXPIRES).and_then(|text| text.parse::<Timestamp>().ok());
    expires.is_some_and(|expires| expires < now)
}
