//! `rds-drop`: deletes what a run created, and nothing else.
//!
//! ```text
//! rounds until nothing is left, the deadline, or (after one round) a signal:
//!   instances, then clusters, then snapshots:
//!     look; gone -> settled; leaving -> next round; the guard says no -> refused
//!     delete; busy, creating -> next round
//! ```
//!
//! In: a document, a run's name, or nothing but the tags. Out: the same without what is gone. Not found is success. A
//! round is always finished, so that a signal cannot leave an instance running whose delete was not even asked for.

use std::time::Duration;

use jiff::Timestamp;

use super::api::{FaultClass, Thing};
use super::desk::Desk;
use super::guard::{self, Asker, Refusal};
use super::options::{self, ServiceOptions};
use super::owed::{self, List, Owed};
use super::{Error, password, poll, states};
use crate::config::Length;
use crate::document::{Document, Interrupted, ResourceKind};

/// How long deleting may take: a cluster with its last backup takes a quarter of an hour.
const TIMEOUT: Length = Length::of_seconds(30 * 60);

/// Flags of `rds-drop`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DropOptions {
    /// How to reach the service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Delete whatever has the configured prefix and our tags and has expired, of any run; reads no document
    #[arg(long, conflicts_with = "run")]
    pub expired: bool,

    /// Do not wait until what is deleted is gone
    #[arg(long)]
    pub no_wait: bool,

    /// How long to wait until everything is gone [default: 30m]
    #[arg(long, value_name = "LENGTH")]
    pub timeout: Option<Length>,
}

/// What became of one thing.
#[derive(Debug)]
enum State {
    Here,
    Asked,
    Gone,
    Refused(Refusal),
    Failed(String),
    Later(String),
}

#[derive(Debug)]
struct Case {
    owed: Owed,
    state: State,
}

impl Case {
    fn open(&self) -> bool {
        matches!(self.state, State::Here | State::Asked | State::Later(_))
    }
}

/// Deletes what is written down and, with `by_tags`, what is tagged.
pub fn all(
    desk: &Desk<'_>,
    document: &mut Document,
    options: &DropOptions,
    mut list: List,
    by_tags: bool,
) -> Result<(), Error> {
    let prefix = options::prefix(&desk.house.config)?.to_owned();
    let asker =
        if options.expired { Asker::Reaper(Timestamp::now()) } else { Asker::Run(document.run.clone()) };
    // What is written down is deleted even if the listing fails; the failure is told afterwards.
    let listed = if by_tags { owed::tagged(desk, &prefix, &asker, &mut list) } else { Ok(()) };
    let cases = list.into_vec().into_iter().map(|owed| Case { owed, state: State::Here }).collect();
    let mut work = Work { desk, options, prefix, asker, cases };
    let stopped = work.rounds(document);
    work.conclude(document)?;
    listed?;
    stopped.map_err(Error::from)
}

struct Work<'a> {
    desk: &'a Desk<'a>,
    options: &'a DropOptions,
    prefix: String,
    asker: Asker,
    cases: Vec<Case>,
}

impl Work<'_> {
    fn rounds(&mut self, document: &mut Document) -> Result<(), Interrupted> {
        let clock = self.desk.clock;
        let begun = clock.now();
        let timeout = self.options.timeout.unwrap_or(TIMEOUT).duration();
        loop {
            self.round(document);
            let left = self.cases.iter().filter(|case| case.open()).count();
            let asked = self.cases.iter().filter(|case| matches!(case.state, State::Asked)).count();
            let age = clock.now().saturating_sub(begun);
            if left == 0
                || self.desk.house.dry_run
                || (self.options.no_wait && asked == left)
                || age >= timeout
            {
                return Ok(());
            }
            self.desk.house.cancel.check()?;
            let next = poll::interval(age.div_f64(clock.pace()), clock.random()).mul_f64(clock.pace());
            clock.sleep(next.min(timeout.saturating_sub(age)).max(Duration::from_millis(1)))?;
        }
    }

    fn round(&mut self, document: &mut Document) {
        for index in 0..self.cases.len() {
            if self.cases[index].open() {
                let state = self.step(index);
                self.cases[index].state = state;
                if matches!(self.cases[index].state, State::Gone) {
                    self.settle(document, index);
                }
            }
        }
    }

    /// Looks at one thing and asks for its deletion if nothing speaks against it.
    fn step(&self, index: usize) -> State {
        let owed = &self.cases[index].owed;
        let asked = matches!(self.cases[index].state, State::Asked);
        let thing = match self.desk.cloud.look(owed.kind, &owed.id) {
            Ok(None) => return State::Gone,
            Ok(Some(thing)) => thing,
            Err(fault) if fault.class.passes() => return State::Later(fault.to_string()),
            Err(fault) => return State::Failed(fault.to_string()),
        };
        if states::is_leaving(&thing.status) {
            return State::Asked;
        }
        if let Err(refusal) = self.may(owed, &thing) {
            return State::Refused(refusal);
        }
        if self.desk.house.dry_run {
            self.desk.house.progress.say(&format!("would delete {} ({})", owed.label(), thing.status));
            return State::Here;
        }
        if asked { State::Asked } else { self.delete(owed, &thing) }
    }

    fn delete(&self, owed: &Owed, thing: &Thing) -> State {
        let (cloud, progress) = (self.desk.cloud, &self.desk.house.progress);
        if thing.status == "stopped" {
            // A stopped server cannot be deleted.
            let started = cloud.start(owed.kind, &owed.id);
            return State::Later(started.map_or_else(|fault| fault.to_string(), |()| "starting".to_owned()));
        }
        match cloud.delete(owed.kind, &owed.id) {
            Ok(()) => {
                progress.say(&format!("deleting {}", owed.label()));
                State::Asked
            }
            Err(fault) if fault.class == FaultClass::NotFound => State::Gone,
            Err(fault) if fault.class == FaultClass::Busy || fault.class.passes() => {
                State::Later(format!("{}: {fault}", thing.status))
            }
            Err(fault) => State::Failed(fault.to_string()),
        }
    }

    /// The guard, for the thing itself, for the cluster of an instance and for the instances of a cluster.
    fn may(&self, owed: &Owed, thing: &Thing) -> Result<(), Refusal> {
        guard::check(thing, &owed.claim(self.desk.house, &self.prefix, &self.asker))?;
        if let (ResourceKind::Instance, Some(cluster)) = (thing.kind, &thing.parent) {
            self.cluster_of(cluster)?;
        }
        for member in &thing.members {
            self.member(member)?;
        }
        Ok(())
    }

    /// Protection protects the cluster only: the service would delete the instances of a protected one.
    fn cluster_of(&self, id: &str) -> Result<(), Refusal> {
        let known =
            self.cases.iter().find(|case| case.owed.kind == ResourceKind::Cluster && case.owed.id == id);
        let owed = known.map_or_else(|| self.stranger(ResourceKind::Cluster, id), |case| case.owed.clone());
        let Ok(Some(cluster)) = self.desk.cloud.look(ResourceKind::Cluster, id) else { return Ok(()) };
        guard::check(&cluster, &owed.claim(self.desk.house, &self.prefix, &self.asker))
            .map_err(|why| Refusal::ClusterRefused { cluster: id.to_owned(), why: Box::new(why) })
    }

    fn member(&self, id: &str) -> Result<(), Refusal> {
        let known =
            self.cases.iter().find(|case| case.owed.kind == ResourceKind::Instance && case.owed.id == id);
        match known {
            Some(case) if !matches!(case.state, State::Refused(_)) => Ok(()),
            _ => Err(Refusal::ForeignMember(id.to_owned())),
        }
    }

    fn stranger(&self, kind: ResourceKind, id: &str) -> Owed {
        let run = match &self.asker {
            Asker::Run(run) => run.clone(),
            Asker::Reaper(_) => String::new(),
        };
        Owed { kind, id: id.to_owned(), resource_id: None, run }
    }

    /// It is gone: out of the document and the journal, and its password with it.
    fn settle(&self, document: &mut Document, index: usize) {
        let owed = &self.cases[index].owed;
        let (house, journal) = (self.desk.house, self.desk.house.journal(&owed.run));
        document.settle(owed.kind, &owed.id);
        house.remember(document);
        if !journal.path().exists() {
            return;
        }
        if let Err(error) = journal.strike(owed.kind, &owed.id) {
            house.progress.warn(&format!("{} is gone, but {error}", owed.label()));
        }
    }

    /// Puts the outcome into one error, or none.
    fn conclude(&self, document: &mut Document) -> Result<(), Error> {
        let mut gone = 0;
        let (mut refused, mut left, mut retryable) = (Vec::new(), Vec::new(), true);
        for case in &self.cases {
            match &case.state {
                State::Gone => gone += 1,
                State::Refused(why) => refused.push(format!("{}: {why}", case.owed.label())),
                State::Failed(why) => {
                    retryable = false;
                    left.push(format!("{} ({why})", case.owed.label()));
                }
                State::Later(why) => left.push(format!("{} ({why})", case.owed.label())),
                State::Asked if self.options.no_wait => gone += 1,
                State::Asked => left.push(format!("{} (deleting)", case.owed.label())),
                State::Here => {}
            }
        }
        self.forget_passwords();
        if self.options.no_wait {
            self.settle_asked(document);
        }
        self.desk.house.note(format!("{gone} of {} deleted", self.cases.len()));
        let interrupted = self.desk.house.cancel.requested().is_some();
        if !refused.is_empty() {
            refused.extend(left.into_iter().map(|text| format!("{text}, still there")));
            Err(Error::Refused(refused.join("; ")))
        } else if left.is_empty() || interrupted {
            Ok(())
        } else {
            Err(Error::Left { list: left.join("; "), retryable })
        }
    }

    /// With `--no-wait`, what is on its way out leaves the document; the journal keeps it until it is seen to be gone.
    fn settle_asked(&self, document: &mut Document) {
        for case in self.cases.iter().filter(|case| matches!(case.state, State::Asked)) {
            document.settle(case.owed.kind, &case.owed.id);
        }
    }

    /// The option file of a copy goes when no server of its run is left.
    fn forget_passwords(&self) {
        if self.desk.house.dry_run {
            return;
        }
        let server = |case: &&Case| matches!(case.owed.kind, ResourceKind::Cluster | ResourceKind::Instance);
        let stays = |case: &Case| !matches!(case.state, State::Gone | State::Asked);
        for case in self.cases.iter().filter(server) {
            let run = &case.owed.run;
            let kept = self.cases.iter().filter(server).any(|other| other.owed.run == *run && stays(other));
            if !kept {
                forget_password(self.desk.house, run);
            }
        }
    }
}

/// Removes the option file of a run's copy, if there is one.
pub fn forget_password(house: &crate::house::House, run: &str) {
    let path = password::file_of(&house.journal(run));
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            house.progress.warn(&format!("cannot remove {}: {error}", path.display()));
        }
        _ => {}
    }
}
