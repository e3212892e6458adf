//! Where a verb works: the house, the service and a clock; and how it waits there.
//!
//! In: what to wait for. Out: the thing, or an error that carries the service's last events about it. Meanwhile the
//! person sees a bar (per cent where the service gives them, else the time it takes beside the time that it usually
//! takes) and each unknown status or trouble once.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::api::{RdsApi, Thing};
use super::error::Error;
use super::names::{self, TAG_MANAGED};
use super::poll::{self, Clock, Ended, Judgement, News, Patience};
use crate::aws::{CallFailure, FaultClass, label};
use crate::document::ResourceKind;
use crate::house::House;
use crate::progress::{Task, Unit};
use crate::rds::snapshot::usual;

/// How long a call that is not part of a wait is repeated while the trouble is on the way.
pub(super) const CALL_PATIENCE: Duration = Duration::from_mins(15);

/// The same for a service that has not answered a single time: more likely the wrong address than trouble.
const FIRST_PATIENCE: Duration = Duration::from_mins(1);

/// The same for a provider of credentials that has not given any yet: it may be one that never will.
const PROVIDER_PATIENCE: Duration = Duration::from_mins(5);

/// How many of the service's last events go into an error.
const EVENTS_SHOWN: usize = 4;

/// What the work of an RDS tool needs: house, service and clock.
pub(super) struct Desk<'a> {
    /// Configuration, progress, journal and cancellation of this process.
    pub house: &'a House,
    /// The RDS service, as AWS or a stand-in answers.
    pub cloud: &'a dyn RdsApi,
    /// What tells the time, sleeps and draws random numbers.
    pub clock: &'a dyn Clock,
    worked: Cell<bool>,
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl<'a> Desk<'a> {
    /// A desk at which nothing has been asked yet.
    pub(super) fn new(house: &'a House, cloud: &'a dyn RdsApi, clock: &'a dyn Clock) -> Self {
        Self { house, cloud, clock, worked: Cell::new(false) }
    }

    /// Describes one thing, patiently.
    pub(super) fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, Error> {
        self.call(false, || self.cloud.look(kind, id))
    }

    /// The same thing with its tags: right after a creation a description may come without them.
    pub(super) fn with_tags(&self, thing: Thing) -> Result<Thing, CallFailure> {
        if thing.tags.contains_key(TAG_MANAGED) || thing.arn.is_empty() {
            return Ok(thing);
        }
        let tags = self.cloud.tags(&thing.arn)?;
        Ok(Thing { tags, ..thing })
    }

    /// Whether a thing is so new (or, if its age is not told yet, was heard of so recently) that what it lacks may still come.
    pub(super) fn is_newborn(&self, thing: &Thing, heard_of: Duration) -> bool {
        let age = match thing.created_at {
            Some(at) => Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default(),
            None => self.clock.now().saturating_sub(heard_of),
        };
        age < poll::NEWBORN.mul_f64(self.clock.pace())
    }

    /// Makes a call, repeating it while the trouble is on the way (with `busy`: or while the thing is busy).
    pub(super) fn call<T>(
        &self,
        busy: bool,
        call: impl FnMut() -> Result<T, CallFailure>,
    ) -> Result<T, Error> {
        let outcome = self.patiently(busy, call);
        self.worked.set(self.worked.get() || outcome.is_ok());
        outcome
    }

    /// Whether the service has answered before: what it lacks now is trouble on the way.
    pub(super) fn has_worked(&self) -> bool {
        self.worked.get()
    }

    /// The same for what proves nothing about the service.
    pub(super) fn patiently<T>(
        &self,
        busy: bool,
        call: impl FnMut() -> Result<T, CallFailure>,
    ) -> Result<T, Error> {
        let mut told = BTreeSet::new();
        let tell = |fault: &CallFailure| {
            if told.insert(fault.code.clone()) {
                self.house.progress.warn(&format!("{fault}; trying again"));
            }
        };
        let patience = |fault: &CallFailure| match fault.class {
            FaultClass::Busy if !busy => Duration::ZERO,
            FaultClass::Unreachable if !self.worked.get() => FIRST_PATIENCE.mul_f64(self.clock.pace()),
            FaultClass::Provider if !self.worked.get() => PROVIDER_PATIENCE.mul_f64(self.clock.pace()),
            FaultClass::Expired if !self.worked.get() => Duration::ZERO,
            FaultClass::NoCredentials if self.worked.get() => CALL_PATIENCE,
            class if class.passes() || class == FaultClass::Busy => CALL_PATIENCE,
            _ => Duration::ZERO,
        };
        let outcome = poll::persist(self.clock, patience, call, tell);
        outcome.map_err(|ended| match ended {
            Ended::Interrupted(interrupted) => interrupted.into(),
            Ended::Fault(fault) => self.refused(fault),
            Ended::Over(_) | Ended::Absent | Ended::TimedOut(_) => unreachable!("persist ends with a fault"),
        })
    }

    /// Waits until `judge` is satisfied.
    pub(super) fn wait(
        &self,
        kind: ResourceKind,
        id: &str,
        patience: Patience,
        judge: impl FnMut(&Thing) -> Judgement,
    ) -> Result<Thing, Ended> {
        let mut shown = WaitDisplay::new(self, label(kind, id));
        let look = || {
            let looked = self.cloud.look(kind, id);
            self.worked.set(self.worked.get() || looked.is_ok());
            looked
        };
        poll::until(self.clock, patience, look, judge, |news| shown.tell(&news))
    }

    /// Waits until something is usable.
    pub(super) fn wait_usable(
        &self,
        kind: ResourceKind,
        id: &str,
        patience: Patience,
    ) -> Result<Thing, Error> {
        let begun = self.clock.now();
        let outcome = self.wait(kind, id, patience, poll::usable);
        outcome.map_err(|ended| self.explain(kind, id, begun, ended))
    }

    /// How a wait that began at `begun` ended, with what the service says about it.
    pub(super) fn explain(&self, kind: ResourceKind, id: &str, begun: Duration, ended: Ended) -> Error {
        let what = label(kind, id);
        match ended {
            Ended::Interrupted(interrupted) => interrupted.into(),
            Ended::Fault(fault) => self.refused(fault),
            Ended::Absent => Error::NoSuch(what),
            Ended::Over(thing) => {
                Error::Terminal { what, status: thing.status, events: self.events(kind, id) }
            }
            Ended::TimedOut(status) => {
                let waited = span(self.clock.now().saturating_sub(begun));
                Error::TimedOut { what, status, waited, events: self.events(kind, id) }
            }
        }
    }

    /// How long a snapshot like this one usually takes. Nice to know, so trouble with it is no trouble.
    fn usual(&self, thing: &Thing) -> Option<Duration> {
        if !matches!(thing.kind, ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot) {
            return None;
        }
        let automated = format!("rds:{}-", thing.parent.as_deref()?);
        let prefix = &self.house.config.snapshot.prefix;
        let like = |id: &str| names::is_ours(prefix, id) || id.starts_with(&automated);
        usual::length(&self.cloud.history(thing.kind).ok()?, like)
    }

    /// A fault as this room's error; one that a signal caused is the signal.
    fn refused(&self, fault: CallFailure) -> Error {
        match (fault.class, self.house.cancel.check()) {
            (FaultClass::Interrupted, Err(interrupted)) => interrupted.into(),
            _ => fault.into(),
        }
    }

    /// The last events about a thing, as ` (the service says: …)`, or nothing.
    fn events(&self, kind: ResourceKind, id: &str) -> String {
        let Ok(events) = self.cloud.events(kind, id) else { return String::new() };
        let last = &events[events.len().saturating_sub(EVENTS_SHOWN)..];
        let said: Vec<&str> =
            last.iter().map(|event| event.message.trim()).filter(|text| !text.is_empty()).collect();
        if said.is_empty() { String::new() } else { format!(" (the service says: {})", said.join("; ")) }
    }
}

/// A length of time for people: `1h 3m 20s`.
pub(super) fn span(length: Duration) -> String {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

/// What the person sees during a wait.
struct WaitDisplay<'a> {
    desk: &'a Desk<'a>,
    what: String,
    task: Option<Task<'a>>,
    with_percent: bool,
    usual: Option<String>,
    told: BTreeSet<String>,
}

impl<'a> WaitDisplay<'a> {
    fn new(desk: &'a Desk<'a>, what: String) -> Self {
        Self { desk, what, task: None, with_percent: false, usual: None, told: BTreeSet::new() }
    }

    fn tell(&mut self, news: &News<'_>) {
        match news {
            News::Seen(thing, judgement) => {
                if *judgement == Judgement::Wonder {
                    let status = &thing.status;
                    self.once(
                        status.clone(),
                        &format!("is {status:?}, a status that is not known here: waiting"),
                    );
                }
                let percent = thing.percent.filter(|percent| *percent > 0);
                if *judgement == Judgement::Wait && percent.is_none() {
                    self.look_up_usual(thing);
                }
                self.show(percent, &thing.status);
            }
            News::Trouble(fault) => {
                let key = fault.code.clone().unwrap_or_else(|| fault.message.clone());
                self.once(key, &format!("cannot be seen now ({fault}): still waiting"));
            }
            News::Absent => self.show(None, "not visible yet"),
        }
    }

    /// Once, and only for something that will take a while.
    fn look_up_usual(&mut self, thing: &Thing) {
        if self.task.is_none()
            && let Some(length) = self.desk.usual(thing)
        {
            let usual = span(length.max(Duration::from_secs(1)));
            self.desk
                .house
                .progress
                .say(&format!("{} is {}; the last ones usually took {usual}", self.what, thing.status));
            self.usual = Some(usual);
        }
    }

    fn once(&mut self, key: String, sentence: &str) {
        if self.told.insert(key) {
            self.desk.house.progress.warn(&format!("{} {sentence}", self.what));
        }
    }

    /// A spinner with the time, or a bar from the first per cent on.
    fn show(&mut self, percent: Option<u64>, status: &str) {
        if self.task.is_none() || (percent.is_some() && !self.with_percent) {
            self.with_percent = percent.is_some();
            let total = percent.map(|_| 100);
            let unit = if total.is_some() { Unit::Count } else { Unit::Time };
            self.task = Some(self.desk.house.progress.start(&self.what, total, unit));
        }
        let Some(task) = &self.task else { return };
        match (&self.usual, percent) {
            (Some(usual), None) => task.message(&format!("{status} (usually {usual})")),
            _ => task.message(status),
        }
        if let Some(percent) = percent {
            task.set(percent);
        }
    }
}
