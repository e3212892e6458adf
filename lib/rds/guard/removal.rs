//! One step towards the deletion of one resource: look, ask the guard, delete.
//!
//! In: the list of resources to delete with their states, and an index in it. Out: the new [`RemovalState`] of that resource.
//! The only place that calls [`RdsApi::delete`](crate::rds::api::RdsApi::delete).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super as guard;
use super::{Asker, GuardRefusal, RequiredOwner};
use crate::aws::{CallFailure, FaultClass};
use crate::document::ResourceKind;
use crate::rds::api::Thing;
use crate::rds::desk::Desk;
use crate::rds::drop::owed::PendingDeletion;
use crate::rds::error::Error;
use crate::rds::names::TAG_MANAGED;
use crate::rds::options;
use crate::rds::poll::{self, states};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RemovalState {
    Here,
    /// The service is deleting it.
    Asked,
    /// It does not exist (any more).
    Gone,
    Refused(GuardRefusal),
    /// A call failed, and the same call would fail again.
    Failed(String),
    /// It cannot be deleted now: why. The next round tries again.
    Later(String),
}

/// A resource to delete, and how far that is.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub owed: PendingDeletion,
    pub state: RemovalState,
}

impl Removal {
    /// Whether another round may still change its state.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, RemovalState::Here | RemovalState::Asked | RemovalState::Later(_))
    }
}

/// Deletes resources for one asker and owner.
#[derive(Debug)]
pub(crate) struct Remover<'a> {
    pub desk: &'a Desk<'a>,
    pub prefix: String,
    pub asker: Asker,
    pub owner: RequiredOwner,
    /// When this tool began to delete, by the desk's clock.
    pub begun: Duration,
}

impl Remover<'_> {
    /// Looks at the resource at `index` and asks the service to delete it if the guard allows that.
    pub(crate) fn step(&self, cases: &[Removal], index: usize) -> RemovalState {
        let Removal { owed, state } = &cases[index];
        let thing = match self.look(owed.kind, &owed.id) {
            Ok(None) if self.may_be_coming(owed) => {
                return RemovalState::Later("its creation was asked for a moment ago".to_owned());
            }
            Ok(None) => return RemovalState::Gone,
            Ok(Some(thing)) => thing,
            Err(fault) => return self.after(&fault),
        };
        if states::is_leaving(&thing.status) {
            return RemovalState::Asked;
        }
        match self.may(cases, owed, &thing) {
            Err(RemovalState::Refused(why)) if self.is_untold(&thing) => {
                RemovalState::Later(format!("its tags are not known yet ({why})"))
            }
            Err(state) => state,
            Ok(()) if self.desk.house.dry_run => {
                self.desk.house.progress.say(&format!("would delete {} ({})", owed.label(), thing.status));
                RemovalState::Here
            }
            // Its deletion was asked for before: the status lags behind.
            Ok(()) if *state == RemovalState::Asked => RemovalState::Asked,
            Ok(()) => self.delete(owed, &thing),
        }
    }

    fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, CallFailure> {
        let found = self.desk.cloud.look(kind, id)?;
        found
            .map(
                |thing| {
                    if states::is_leaving(&thing.status) { Ok(thing) } else { self.desk.with_tags(thing) }
                },
            )
            .transpose()
    }

    /// Whether a resource lacks our tags, but is so new that its description may still come without them.
    fn is_untold(&self, thing: &Thing) -> bool {
        !thing.tags.contains_key(TAG_MANAGED) && self.desk.is_newborn(thing, self.begun)
    }

    /// Whether a missing resource may still appear: a tool that was killed during the create call leaves only its intent.
    fn may_be_coming(&self, owed: &PendingDeletion) -> bool {
        let grace = poll::NEWBORN.mul_f64(self.desk.clock.pace());
        owed.unanswered_since.is_some_and(|since| {
            let age: SignedDuration = Timestamp::now().duration_since(since);
            Duration::try_from(age).is_ok_and(|age| age < grace)
        })
    }

    fn delete(&self, owed: &PendingDeletion, thing: &Thing) -> RemovalState {
        if thing.status == "stopped" {
            // A stopped server cannot be deleted. An instance of a cluster is started with its cluster only.
            let member = thing.parent.as_deref().filter(|_| owed.kind == ResourceKind::Instance);
            let (kind, id) = member.map_or((owed.kind, owed.id.as_str()), |id| (ResourceKind::Cluster, id));
            return match self.desk.cloud.start(kind, id) {
                Ok(()) => RemovalState::Later("starting, it was stopped".to_owned()),
                Err(fault) => self.after(&fault),
            };
        }
        match self.desk.cloud.delete(owed.kind, &owed.id) {
            Ok(()) => {
                self.desk.house.progress.say(&format!("deleting {}", owed.label()));
                RemovalState::Asked
            }
            Err(fault) if fault.class == FaultClass::Busy => {
                RemovalState::Later(format!("{}: {fault}", thing.status))
            }
            Err(fault) => self.after(&fault),
        }
    }

    /// Asks the guard: for the resource itself, for the cluster of an instance and for the instances of a cluster.
    fn may(&self, cases: &[Removal], owed: &PendingDeletion, thing: &Thing) -> Result<(), RemovalState> {
        self.check(owed, thing).map_err(RemovalState::Refused)?;
        if let (ResourceKind::Instance, Some(cluster)) = (thing.kind, &thing.parent) {
            self.cluster_of(cases, cluster)?;
        }
        thing.members.iter().try_for_each(|member| self.member(cases, member))
    }

    /// Fails if an instance of the cluster exists, is not being deleted, and is missing on the list to delete or refused there.
    fn member(&self, cases: &[Removal], id: &str) -> Result<(), RemovalState> {
        let ours = |case: &&Removal| case.owed.kind == ResourceKind::Instance && case.owed.id == id;
        match cases.iter().find(ours) {
            Some(case) if !matches!(case.state, RemovalState::Refused(_)) => return Ok(()),
            _ => {}
        }
        match self.desk.cloud.look(ResourceKind::Instance, id) {
            Ok(None) => Ok(()),
            Ok(Some(member)) if states::is_leaving(&member.status) => Ok(()),
            Ok(Some(_)) => Err(RemovalState::Refused(GuardRefusal::ForeignMember(id.to_owned()))),
            Err(fault) => Err(self.after(&fault)),
        }
    }

    /// The state of a resource after a call about it failed.
    fn after(&self, fault: &CallFailure) -> RemovalState {
        match fault.class {
            FaultClass::NotFound => RemovalState::Gone,
            // Credentials that worked before will be there again.
            FaultClass::NoCredentials if self.desk.has_worked() => RemovalState::Later(fault.to_string()),
            class if class.passes() || class == FaultClass::Busy => RemovalState::Later(fault.to_string()),
            _ => RemovalState::Failed(fault.to_string()),
        }
    }

    fn check(&self, owed: &PendingDeletion, thing: &Thing) -> Result<(), GuardRefusal> {
        guard::check(thing, &owed.claim(self.desk.house, &self.prefix, &self.asker, &self.owner))
    }

    /// Asks the guard for the cluster of an instance, too: only the cluster has deletion protection, and the service would delete
    /// the instances of a protected one.
    fn cluster_of(&self, cases: &[Removal], id: &str) -> Result<(), RemovalState> {
        let known = cases.iter().find(|case| case.owed.kind == ResourceKind::Cluster && case.owed.id == id);
        let stranger = PendingDeletion::new(ResourceKind::Cluster, id, "");
        let owed = known.map_or(&stranger, |case| &case.owed);
        match self.look(ResourceKind::Cluster, id) {
            Ok(None) => Ok(()),
            Ok(Some(cluster)) if self.is_untold(&cluster) => {
                Err(RemovalState::Later(format!("the tags of its cluster {id} are not known yet")))
            }
            Ok(Some(cluster)) => self.check(owed, &cluster).map_err(|why| {
                RemovalState::Refused(GuardRefusal::ClusterRefused {
                    cluster: id.to_owned(),
                    why: Box::new(why),
                })
            }),
            Err(fault) => Err(self.after(&fault)),
        }
    }
}

/// How long the deletion of a resource by [`take_back`] may take.
const TAKE_BACK_TIMEOUT: Duration = Duration::from_mins(30);

/// Deletes a resource that this run has just made and cannot use, and waits until its name is free again.
pub(crate) fn take_back(desk: &Desk<'_>, owed: &PendingDeletion) -> Result<(), Error> {
    let prefix = options::prefix(&desk.house.config)?.to_owned();
    let begun = desk.clock.now();
    let owner = RequiredOwner::Of(desk.house.owner()?);
    let remover = Remover { desk, prefix, asker: Asker::Run(owed.run.clone()), owner, begun };
    let mut cases = [Removal { owed: owed.clone(), state: RemovalState::Here }];
    loop {
        cases[0].state = remover.step(&cases, 0);
        let age = desk.clock.now().saturating_sub(begun);
        let (why, retryable) = match &cases[0].state {
            RemovalState::Gone => return Ok(()),
            RemovalState::Refused(why) => return Err(Error::Refused(format!("{}: {why}", owed.label()))),
            RemovalState::Failed(why) => (why.clone(), false),
            RemovalState::Here | RemovalState::Asked | RemovalState::Later(_)
                if age < TAKE_BACK_TIMEOUT.mul_f64(desk.clock.pace()) =>
            {
                let next = poll::interval(age.div_f64(desk.clock.pace()), desk.clock.random());
                desk.clock.pause(next)?;
                continue;
            }
            state => (format!("{state:?}"), true),
        };
        return Err(Error::Left { list: format!("{} ({why})", owed.label()), retryable });
    }
}
