//! What a verb works with (the house, the service, a clock), and how it calls the service and waits.
//!
//! In: the resource to wait for. Out: the resource, or an error that carries the service's last events about it. Meanwhile the
//! person sees a bar (per cent where the service gives them, else the elapsed time and, for a snapshot, the usual time) and a
//! warning for each unknown status and each fault, once.

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

/// How long a call outside of a wait is repeated while its fault is one that passes ([`FaultClass::passes`]).
pub(super) const CALL_PATIENCE: Duration = Duration::from_mins(15);

/// How long an unreachable service is tried before its first answer: a wrong address is then more likely than a passing fault.
const FIRST_PATIENCE: Duration = Duration::from_mins(1);

/// How long a failing provider of credentials is tried before the service's first answer: it may never give any.
const PROVIDER_PATIENCE: Duration = Duration::from_mins(5);

/// Number of the service's last events that an error shows.
const EVENTS_SHOWN: usize = 4;

/// The house, the service and the clock of one RDS tool.
pub(super) struct Desk<'a> {
    /// Configuration, progress, journal and cancellation of this process.
    pub house: &'a House,
    /// The RDS service, as AWS or a stand-in answers.
    pub cloud: &'a dyn RdsApi,
    pub clock: &'a dyn Clock,
    worked: Cell<bool>,
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl<'a> Desk<'a> {
    /// A desk whose service has not answered a call yet.
    pub(super) fn new(house: &'a House, cloud: &'a dyn RdsApi, clock: &'a dyn Clock) -> Self {
        Self { house, cloud, clock, worked: Cell::new(false) }
    }

    /// Describes one resource; repeats the call while its fault is one that passes.
    pub(super) fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, Error> {
        self.call(false, || self.cloud.look(kind, id))
    }

    /// Adds the tags to a description that lacks ours: right after a creation a description may come without tags.
    pub(super) fn with_tags(&self, thing: Thing) -> Result<Thing, CallFailure> {
        if thing.tags.contains_key(TAG_MANAGED) || thing.arn.is_empty() {
            return Ok(thing);
        }
        let tags = self.cloud.tags(&thing.arn)?;
        Ok(Thing { tags, ..thing })
    }

    /// Whether a resource is so new that its tags may still be missing in its description. Without a creation time its age counts
    /// from `heard_of`.
    pub(super) fn is_newborn(&self, thing: &Thing, heard_of: Duration) -> bool {
        let age = match thing.created_at {
            Some(at) => Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default(),
            None => self.clock.now().saturating_sub(heard_of),
        };
        age < poll::NEWBORN.mul_f64(self.clock.pace())
    }

    /// Makes a call and repeats it while its fault is one that passes (with `busy`: also while the resource is busy).
    pub(super) fn call<T>(
        &self,
        busy: bool,
        call: impl FnMut() -> Result<T, CallFailure>,
    ) -> Result<T, Error> {
        let outcome = self.patiently(busy, call);
        self.worked.set(self.worked.get() || outcome.is_ok());
        outcome
    }

    /// Whether the service has answered before. Credentials that are missing after that are taken for a passing fault.
    pub(super) fn has_worked(&self) -> bool {
        self.worked.get()
    }

    /// The same as [`Self::call`] for a call whose success does not show that the service answers, such as one for credentials.
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

    /// Waits until `judge` says that the resource is ready, or how else the wait ends.
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

    /// Waits until a resource is usable, by the tables of [`poll::states`].
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

    /// The error for a failed wait that began at `begun`, with the service's last events if the resource failed or took too long.
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

    /// How long a snapshot like this one usually takes. Only shown to the person, so a fault is no error: `None`.
    fn usual(&self, thing: &Thing) -> Option<Duration> {
        if !matches!(thing.kind, ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot) {
            return None;
        }
        let automated = format!("rds:{}-", thing.parent.as_deref()?);
        let prefix = &self.house.config.snapshot.prefix;
        let like = |id: &str| names::is_ours(prefix, id) || id.starts_with(&automated);
        usual::length(&self.cloud.history(thing.kind).ok()?, like)
    }

    /// A fault as this room's error; as the signal where a signal caused it.
    fn refused(&self, fault: CallFailure) -> Error {
        match (fault.class, self.house.cancel.check()) {
            (FaultClass::Interrupted, Err(interrupted)) => interrupted.into(),
            _ => fault.into(),
        }
    }

    /// The last events about a resource, as ` (the service says: …)`; empty without any.
    fn events(&self, kind: ResourceKind, id: &str) -> String {
        let Ok(events) = self.cloud.events(kind, id) else { return String::new() };
        let last = &events[events.len().saturating_sub(EVENTS_SHOWN)..];
        let said: Vec<&str> =
            last.iter().map(|event| event.message.trim()).filter(|text| !text.is_empty()).collect();
        if said.is_empty() { String::new() } else { format!(" (the service says: {})", said.join("; ")) }
    }
}

/// Writes a length of time for people, to the second: `1h 3m 20s`.
pub(super) fn span(length: Duration) -> String {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

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

    /// Says once, at the first look that finds no per cent, how long the last snapshots usually took.
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

    /// Shows a spinner with the elapsed time, or a bar from the first per cent on.
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
