//! The one gate before a delete.
//!
//! In: what the service says about a resource, and what we claim about it. Out: yes, or the rule that forbids it, as a sentence.
//! A resource must pass every rule: not the configured source, our prefix, no automated snapshot, our tags, this run (or
//! expired), our owner, the run's source, the recorded resource id and intent; no replica, no source of one, no part of a global
//! database, not protected. `--any-owner` leaves out the rules for owner, source and intent.

pub(super) mod adopt;
pub(super) mod removal;

use jiff::Timestamp;

use super::api::Thing;
use super::names::{self, TAG_EXPIRES, TAG_INTENT, TAG_MANAGED, TAG_OWNER, TAG_RUN, TAG_SOURCE, tag_value};
use crate::document::ResourceKind;

/// Who asks for the deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asker {
    /// A run that cleans up after itself.
    Run(String),
    /// The reaper (`rds-drop --expired`), which deletes what has expired at this moment.
    Reaper(Timestamp),
}

/// Whose resources may be deleted, by their tag `refreshkit:owner`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequiredOwner {
    /// Only resources that are tagged with this owner.
    Of(String),
    /// Nobody's: nothing was ever made from this state directory, so it has no owner.
    Nobody,
    /// Anybody's: a person gave `--any-owner`.
    Any,
}

/// What must be true of a resource if it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnershipClaim {
    /// The prefix of our identifiers: `[snapshot] prefix`.
    pub prefix: String,
    pub asker: Asker,
    /// Whose resources may be deleted.
    pub owner: RequiredOwner,
    /// The resource id of the source, if it is known.
    pub source: Option<String>,
    /// The random word of the create call, if document or journal has it.
    pub intent: Option<String>,
    /// The resource id that was recorded at its creation, if one was.
    pub resource_id: Option<String>,
    /// Names that are never deleted: the configured source.
    pub sources: Vec<String>,
}

/// The rule that forbids to delete or adopt a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GuardRefusal {
    /// It has the name of the configured source.
    #[error("it is the configured source")]
    Source,
    /// The name does not begin with our prefix.
    #[error("its name does not begin with \"{0}-\"")]
    Name(String),
    /// A snapshot that the service or a backup plan took.
    #[error("it is a snapshot of type {0:?}, not a manual one")]
    SnapshotType(String),
    /// The tag that says that refreshkit made it is missing.
    #[error("it has no tag {TAG_MANAGED}=true")]
    Unmanaged,
    #[error("it has no tag {TAG_RUN}")]
    NoRun,
    #[error("its tag {TAG_RUN} says {0:?}")]
    OtherRun(String),
    /// The tag that names the owner is missing: version 1 made it, or another program.
    #[error("it has no tag {TAG_OWNER}")]
    NoOwner,
    /// The tag names another owner: of another host or team.
    #[error("its tag {TAG_OWNER} says {found:?}, and {ours}")]
    OtherOwner {
        found: String,
        /// Our own owner, as a sentence.
        ours: String,
    },
    /// The tag names another source than the run has.
    #[error("its tag {TAG_SOURCE} says {found:?}, and the source of this run is {ours}")]
    OtherSource { found: String, ours: String },
    /// Its create call was not ours: another run of the same name made it.
    #[error("its tag {TAG_INTENT} is not that of this run's create call: another run of this name made it")]
    OtherIntent,
    /// It has the name of a resource that this run made, and another resource id.
    #[error("its resource id is {found}, but this run created {recorded}")]
    OtherResource {
        found: String,
        /// The resource id that the journal or the document has.
        recorded: String,
    },
    /// It has not expired yet, and the reaper asks.
    #[error("it does not expire before {0}")]
    NotExpired(String),
    /// Its tag with the expiry is missing or cannot be read.
    #[error("its tag {TAG_EXPIRES} is missing or no time: {0:?}")]
    NoExpiry(String),
    #[error("it is a replica of {0}")]
    Replica(String),
    /// It has replicas, which depend on it.
    #[error("{0} replicates from it")]
    HasReplicas(String),
    #[error("it is part of the global database {0}")]
    Global(String),
    /// Its deletion protection is on, which only a person may turn off.
    #[error("it has deletion protection")]
    Protected,
    /// It is an instance whose cluster may not be deleted.
    #[error("it belongs to cluster {cluster}, and {why}")]
    ClusterRefused { cluster: String, why: Box<GuardRefusal> },
    /// It is a cluster with an instance that this run did not make.
    #[error("instance {0} in it was not created by this run")]
    ForeignMember(String),
}

/// Fails with the first rule that forbids to delete `thing`.
pub(super) fn check(thing: &Thing, claim: &OwnershipClaim) -> Result<(), GuardRefusal> {
    identity(thing, claim)?;
    fits_by_tags(thing, claim)?;
    dependence(thing)
}

fn identity(thing: &Thing, claim: &OwnershipClaim) -> Result<(), GuardRefusal> {
    if claim.sources.iter().any(|source| source.eq_ignore_ascii_case(&thing.id)) {
        return Err(GuardRefusal::Source);
    }
    if !names::is_ours(&claim.prefix, &thing.id) {
        return Err(GuardRefusal::Name(claim.prefix.clone()));
    }
    let snapshot = matches!(thing.kind, ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot);
    if snapshot && thing.snapshot_type != "manual" {
        return Err(GuardRefusal::SnapshotType(thing.snapshot_type.clone()));
    }
    match &claim.resource_id {
        Some(recorded) if *recorded != thing.resource_id => {
            Err(GuardRefusal::OtherResource { found: thing.resource_id.clone(), recorded: recorded.clone() })
        }
        _ => Ok(()),
    }
}

fn ownership(thing: &Thing, claim: &OwnershipClaim) -> Result<(), GuardRefusal> {
    if thing.tags.get(TAG_MANAGED).map(String::as_str) != Some("true") {
        return Err(GuardRefusal::Unmanaged);
    }
    let Some(run) = thing.tags.get(TAG_RUN) else { return Err(GuardRefusal::NoRun) };
    match &claim.asker {
        Asker::Run(asking) if tag_value(asking) == *run => Ok(()),
        Asker::Run(_) => Err(GuardRefusal::OtherRun(run.clone())),
        Asker::Reaper(now) => expired(thing, *now),
    }
}

/// Fails unless the tags name our owner and (where those are known) our source and our create call. With
/// [`RequiredOwner::Any`] none of the three is looked at.
pub(super) fn kinship(
    thing: &Thing,
    owner: &RequiredOwner,
    source: Option<&str>,
    intent: Option<&str>,
) -> Result<(), GuardRefusal> {
    let tag = |name: &str| thing.tags.get(name).cloned();
    match (owner, tag(TAG_OWNER)) {
        (RequiredOwner::Any, _) => return Ok(()),
        (_, None) => return Err(GuardRefusal::NoOwner),
        (RequiredOwner::Nobody, Some(found)) => {
            let ours = "nothing was ever made from this state directory".to_owned();
            return Err(GuardRefusal::OtherOwner { found, ours });
        }
        (RequiredOwner::Of(ours), Some(found)) if tag_value(ours) != found => {
            return Err(GuardRefusal::OtherOwner { found, ours: format!("we are {ours:?}") });
        }
        _ => {}
    }
    if let Some(ours) = source {
        let found = tag(TAG_SOURCE).unwrap_or_default();
        if found != tag_value(ours) {
            return Err(GuardRefusal::OtherSource { found, ours: ours.to_owned() });
        }
    }
    match intent {
        Some(ours) if tag(TAG_INTENT).as_deref() != Some(ours) => Err(GuardRefusal::OtherIntent),
        _ => Ok(()),
    }
}

fn expired(thing: &Thing, now: Timestamp) -> Result<(), GuardRefusal> {
    let text = thing.tags.get(TAG_EXPIRES).cloned().unwrap_or_default();
    match text.parse::<Timestamp>() {
        Ok(expires) if expires < now => Ok(()),
        Ok(_) => Err(GuardRefusal::NotExpired(text)),
        Err(_) => Err(GuardRefusal::NoExpiry(text)),
    }
}

fn dependence(thing: &Thing) -> Result<(), GuardRefusal> {
    if let Some(source) = &thing.replica_of {
        return Err(GuardRefusal::Replica(source.clone()));
    }
    if !thing.replicas.is_empty() {
        return Err(GuardRefusal::HasReplicas(thing.replicas.join(", ")));
    }
    if let Some(global) = &thing.global {
        return Err(GuardRefusal::Global(global.clone()));
    }
    if thing.protected { Err(GuardRefusal::Protected) } else { Ok(()) }
}

/// Fails unless a resource is ours by its tags, whatever its name and resource id. Also decides whether a create call may adopt
/// a resource that has the name already.
pub(super) fn fits_by_tags(thing: &Thing, claim: &OwnershipClaim) -> Result<(), GuardRefusal> {
    ownership(thing, claim)?;
    kinship(thing, &claim.owner, claim.source.as_deref(), claim.intent.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Thing {
        let tags = [
            (TAG_MANAGED, "true"),
            (TAG_RUN, "night-1"),
            (TAG_EXPIRES, "2026-11-24T02:00:00Z"),
            (TAG_OWNER, "agent1-0123456789abcdef"),
            (TAG_SOURCE, "cluster-PROD"),
            (TAG_INTENT, "0123"),
        ];
        Thing {
            status: "available".to_owned(),
            resource_id: "cluster-A".to_owned(),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Thing::new(ResourceKind::Cluster, "kit-night-1")
        }
    }

    fn claim() -> OwnershipClaim {
        OwnershipClaim {
            prefix: "kit".to_owned(),
            asker: Asker::Run("night-1".to_owned()),
            owner: RequiredOwner::Of("agent1-0123456789abcdef".to_owned()),
            source: Some("cluster-PROD".to_owned()),
            intent: Some("0123".to_owned()),
            resource_id: Some("cluster-A".to_owned()),
            sources: vec!["prod-replica".to_owned()],
        }
    }

    fn without(tag: &str) -> Thing {
        let mut thing = ours();
        thing.tags.remove(tag);
        thing
    }

    fn with(tag: &str, value: &str) -> Thing {
        let mut thing = ours();
        thing.tags.insert(tag.to_owned(), value.to_owned());
        thing
    }

    #[test]
    fn lets_a_run_delete_its_own() {
        assert_eq!(check(&ours(), &claim()), Ok(()));
        let unrecorded = OwnershipClaim { resource_id: None, ..claim() };
        assert_eq!(check(&ours(), &unrecorded), Ok(()));
    }

    #[test]
    fn each_rule_says_no_by_itself() {
        let some = |text: &str| Some(text.to_owned());
        let cases: Vec<(Thing, &str)> = vec![
            (Thing { id: "prod-replica".into(), ..ours() }, "it is the configured source"),
            (Thing { id: "kitten-night-1".into(), ..ours() }, "its name does not begin with \"kit-\""),
            (without(TAG_MANAGED), "it has no tag refreshkit:managed=true"),
            (with(TAG_MANAGED, "yes"), "it has no tag refreshkit:managed=true"),
            (without(TAG_RUN), "it has no tag refreshkit:run"),
            (with(TAG_RUN, "night-2"), "its tag refreshkit:run says \"night-2\""),
            (without(TAG_OWNER), "it has no tag refreshkit:owner"),
            (
                with(TAG_OWNER, "agent2-1"),
                "its tag refreshkit:owner says \"agent2-1\", and we are \"agent1-0123456789abcdef\"",
            ),
            (
                without(TAG_SOURCE),
                "its tag refreshkit:source says \"\", and the source of this run is cluster-PROD",
            ),
            (
                with(TAG_SOURCE, "cluster-BANK"),
                "its tag refreshkit:source says \"cluster-BANK\", and the source of this run is cluster-PROD",
            ),
            (
                with(TAG_INTENT, "4567"),
                "its tag refreshkit:intent is not that of this run's create call: another run of this name made it",
            ),
            (
                Thing { resource_id: "cluster-B".into(), ..ours() },
                "its resource id is cluster-B, but this run created cluster-A",
            ),
            (Thing { replica_of: some("arn:x"), ..ours() }, "it is a replica of arn:x"),
            (Thing { replicas: vec!["r".into()], ..ours() }, "r replicates from it"),
            (Thing { global: some("g"), ..ours() }, "it is part of the global database g"),
            (Thing { protected: true, ..ours() }, "it has deletion protection"),
            (
                Thing { kind: ResourceKind::ClusterSnapshot, snapshot_type: "automated".into(), ..ours() },
                "it is a snapshot of type \"automated\", not a manual one",
            ),
        ];
        for (thing, why) in cases {
            assert_eq!(check(&thing, &claim()).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn a_person_may_take_what_is_anybodys_and_a_new_host_what_its_owner_made() {
        let any = OwnershipClaim { owner: RequiredOwner::Any, ..claim() };
        for thing in [without(TAG_OWNER), with(TAG_OWNER, "x"), with(TAG_SOURCE, "x"), with(TAG_INTENT, "x")]
        {
            assert!(check(&thing, &claim()).is_err());
            assert_eq!(check(&thing, &any), Ok(()));
        }
        assert!(check(&with(TAG_RUN, "night-2"), &any).is_err(), "but not of any run");
        // A new host has no journal, and may not know the source.
        let fresh = OwnershipClaim { resource_id: None, intent: None, source: None, ..claim() };
        assert_eq!(check(&ours(), &fresh), Ok(()));
        let nobody = OwnershipClaim { owner: RequiredOwner::Nobody, ..fresh };
        assert!(check(&ours(), &nobody).unwrap_err().to_string().contains("nothing was ever made from"));
    }

    #[test]
    fn the_reaper_takes_what_has_expired_of_any_run_and_nothing_else() {
        let at = |time: &str| OwnershipClaim {
            asker: Asker::Reaper(time.parse().unwrap()),
            resource_id: None,
            ..claim()
        };
        assert!(check(&with(TAG_OWNER, "agent2-1"), &at("2026-11-24T02:00:01Z")).is_err());
        let late = at("2026-11-24T02:00:01Z");
        assert_eq!(check(&with(TAG_RUN, "night-2"), &late), Ok(()));
        let early = check(&ours(), &at("2026-11-24T01:59:59Z")).unwrap_err();
        assert_eq!(early.to_string(), "it does not expire before 2026-11-24T02:00:00Z");
        for thing in [without(TAG_EXPIRES), with(TAG_EXPIRES, "tomorrow")] {
            assert!(matches!(check(&thing, &late), Err(GuardRefusal::NoExpiry(_))));
        }
        assert!(check(&without(TAG_MANAGED), &late).is_err());
    }
}
