//! Lists the resources to delete: those of the document, of the journal, and those with our tags.
//!
//! In: a document, its run's journal, and (for a named run, a lost document or the reaper, which is `--expired`) the tags of all
//! resources. Out: a list in the order of deletion: instances, clusters, snapshots.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::aws::label;
use crate::document::{AnyKind, Document, LOCAL_COPY, Resource, ResourceKind};
use crate::house::House;
use crate::rds::api::{Listing, Thing};
use crate::rds::desk::Desk;
use crate::rds::error::Error;
use crate::rds::guard::{self, Asker, GuardRefusal, OwnershipClaim, RequiredOwner};
use crate::rds::names;
use crate::rds::names::{TAG_MANAGED, TAG_RUN, is_ours, tag_value};

/// All kinds of resources, in the order of deletion.
pub(crate) const KINDS: [ResourceKind; 4] = [
    ResourceKind::Instance,
    ResourceKind::Cluster,
    ResourceKind::ClusterSnapshot,
    ResourceKind::InstanceSnapshot,
];

/// One resource to delete, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PendingDeletion {
    pub kind: ResourceKind,
    pub id: String,
    /// The resource id that was recorded at its creation.
    pub resource_id: Option<String>,
    /// Name of the run that created it, by journal, document or tag.
    pub run: String,
    /// The resource id of its source, if that is known.
    pub source: Option<String>,
    /// The random word of its create call, if document or journal has it.
    pub intent: Option<String>,
    /// When its create call was about to be made, if no answer was recorded.
    pub unanswered_since: Option<Timestamp>,
}

impl PendingDeletion {
    /// A resource of which only kind, identifier and run are known.
    pub(crate) fn new(kind: ResourceKind, id: &str, run: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            resource_id: None,
            run: run.to_owned(),
            source: None,
            intent: None,
            unanswered_since: None,
        }
    }

    /// A resource with what the document knows about it.
    pub(crate) fn of(document: &Document, kind: ResourceKind, id: &str) -> Self {
        Self::new(kind, id, &document.run).knowing(&document.resources)
    }

    /// Takes resource id, source and intent from the record of this resource, if there is one.
    fn knowing(self, records: &[Resource]) -> Self {
        match records.iter().find(|known| known.kind == self.kind && known.id == self.id) {
            Some(known) => Self {
                resource_id: known.resource_id.clone(),
                source: known.source.clone(),
                intent: known.intent.clone(),
                ..self
            },
            None => self,
        }
    }

    pub(crate) fn label(&self) -> String {
        label(self.kind, &self.id)
    }

    /// What the guard is told about the resource.
    pub(crate) fn claim(
        &self,
        house: &House,
        prefix: &str,
        asker: &Asker,
        owner: &RequiredOwner,
    ) -> OwnershipClaim {
        let source = &house.config.source;
        OwnershipClaim {
            prefix: prefix.to_owned(),
            asker: asker.clone(),
            owner: owner.clone(),
            source: self.source.clone(),
            intent: self.intent.clone(),
            resource_id: self.resource_id.clone(),
            sources: source.cluster.iter().chain(source.instance.iter()).cloned().collect(),
        }
    }
}

/// The resources to delete, each once.
#[derive(Debug, Default)]
pub(crate) struct DeletionList(BTreeMap<(ResourceKind, String), PendingDeletion>);

impl DeletionList {
    /// Adds a resource; what is known about it stays. It counts as unanswered only if all its records lack an answer.
    pub(crate) fn add(&mut self, owed: PendingDeletion) {
        let known = self.0.entry((owed.kind, owed.id.clone())).or_insert_with(|| owed.clone());
        known.resource_id = known.resource_id.take().or(owed.resource_id);
        known.source = known.source.take().or(owed.source);
        known.intent = known.intent.take().or(owed.intent);
        known.unanswered_since = known.unanswered_since.and(owed.unanswered_since);
    }

    pub(crate) fn into_vec(self) -> Vec<PendingDeletion> {
        self.0.into_values().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The resources of the document and of the run's journal. Beside them comes the error for a journal that cannot be read, or
/// for a resource that only a newer version can delete: the others are deleted all the same. A copy on a host is left to
/// `rds-local drop`.
pub(crate) fn written(house: &House, document: &Document) -> (DeletionList, Option<Error>) {
    let mut list = DeletionList::default();
    let (mut unknown, mut local) = (BTreeSet::new(), BTreeSet::new());
    let (journal, trouble) = match house.journal(&document.run).resources() {
        Ok(resources) => (resources, None),
        Err(error) => (Vec::new(), Some(error.into())),
    };
    for resource in document.resources.iter().chain(&journal) {
        let kind = match &resource.kind {
            AnyKind::Known(kind) => *kind,
            AnyKind::Unknown(word) if word == LOCAL_COPY => {
                local.insert(resource.id.as_str());
                continue;
            }
            AnyKind::Unknown(word) => {
                unknown.insert(format!("{word} {}", resource.id));
                continue;
            }
        };
        list.add(PendingDeletion {
            resource_id: resource.resource_id.clone(),
            source: resource.source.clone().or_else(|| source_in(document)),
            intent: resource.intent.clone(),
            // A killed tool leaves only the intent, and its call may still have an effect.
            unanswered_since: resource.intended_at,
            ..PendingDeletion::new(kind, &resource.id, &document.run)
        });
    }
    for id in local {
        house.progress.say(&format!("{LOCAL_COPY} {id} is left to rds-local drop"));
    }
    let strange = (!unknown.is_empty()).then(|| Error::UnknownKinds(unknown.into_iter().collect()));
    (list, trouble.or(strange))
}

/// Adds the resources that have the run's tag or, for the reaper, that have expired. One of another owner, or of another run
/// of the same name, is named and left alone.
pub(crate) fn tagged(desk: &Desk<'_>, search: &TagSearch<'_>, list: &mut DeletionList) -> Result<(), Error> {
    let contested = match search.asker {
        Asker::Run(run) => {
            *search.owner != RequiredOwner::Any && !desk.house.journal(run).strangers()?.is_empty()
        }
        Asker::Reaper(_) => false,
    };
    for kind in KINDS {
        let all = desk.call(false, || desk.cloud.list(kind, Listing::All))?;
        for thing in all.into_iter().filter(|thing| concerns(thing, search.prefix, search.asker)) {
            let kin = guard::kinship(&thing, search.owner, search.source.as_deref(), None);
            // Once this run has met a resource of another run of its name, only the journal can tell which are ours: it was
            // written before each create call.
            let theirs = contested && !list.0.contains_key(&(kind, thing.id.clone()));
            match kin.and(if theirs { Err(GuardRefusal::OtherIntent) } else { Ok(()) }) {
                Ok(()) => list.add(search.owed(desk.house, &thing)),
                Err(why) => desk.house.progress.say(&format!("{}: {why}: left alone", thing.label())),
            }
        }
    }
    Ok(())
}

pub(crate) struct TagSearch<'a> {
    pub prefix: &'a str,
    pub asker: &'a Asker,
    pub owner: &'a RequiredOwner,
    /// The resource id of the run's source, if it is known.
    pub source: Option<String>,
}

impl TagSearch<'_> {
    /// A resource that was found, with what the journal of its run says about it.
    fn owed(&self, house: &House, thing: &Thing) -> PendingDeletion {
        let run = match self.asker {
            Asker::Run(run) => run.clone(),
            Asker::Reaper(_) => thing.tags.get(TAG_RUN).cloned().unwrap_or_default(),
        };
        let found = PendingDeletion {
            source: self.source.clone(),
            ..PendingDeletion::new(thing.kind, &thing.id, &run)
        };
        // A journal that cannot be read is no error here: the tags suffice.
        let known = house.journal(&run).resources().unwrap_or_default();
        if known.is_empty() { found } else { found.knowing(&known) }
    }
}

fn source_in(document: &Document) -> Option<String> {
    document.source.as_ref()?.resource_id.clone().filter(|id| !id.is_empty())
}

/// The resource id of a run's source: by its document, by its journal, else that of the configured source.
pub(crate) fn source_of(desk: &Desk<'_>, document: &Document, list: &DeletionList) -> Option<String> {
    let named = source_in(document);
    let written = || list.0.values().find_map(|owed| owed.source.clone());
    named.or_else(written).or_else(|| {
        let source = &desk.house.config.source;
        let (kind, id) = match (&source.cluster, &source.instance) {
            (Some(id), _) => (ResourceKind::Cluster, id),
            (None, id) => (ResourceKind::Instance, id.as_ref()?),
        };
        // Where the source cannot be described, the tags of run and owner decide alone.
        desk.look(kind, id).ok().flatten().map(|thing| thing.resource_id)
    })
}

/// Whether a resource has our tags and those of this run or, for the reaper, has our prefix and has expired.
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
