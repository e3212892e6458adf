//! `rds-drop`: deletes what a run created, and nothing else.
//!
//! ```text
//! rounds until nothing is left, the deadline, or (after one round) a signal:
//!   instances, then clusters, then snapshots:
//!     look; gone -> off the document; being deleted -> next round; the guard says no -> refused
//!     delete; busy, creating -> next round
//! ```
//!
//! In: a document, a run's name, or (with `--expired`) only the tags. Out: the document without the resources that are gone. A
//! resource that is not found counts as deleted. A round is always finished: a signal must not leave an instance running whose
//! deletion was not even asked for.

pub(super) mod owed;

use std::time::Duration;

use jiff::Timestamp;

use super::desk::Desk;
use super::error::Error;
use super::guard::{Asker, RequiredOwner};
use super::options::{self, ServiceOptions};
use super::poll;
use crate::config::Length;
use crate::document::{Concern, Document, Done, Interrupted, PLAN_KEYS, ResourceKind, chain};
use crate::house::House;
use crate::rds::guard::removal::{Removal, RemovalState, Remover};
use crate::rds::restore::password;
use owed::{DeletionList, TagSearch};

/// How long all deletions together may take: a cluster during its last backup takes a quarter of an hour.
const TIMEOUT: Length = Length::of_seconds(30 * 60);

/// Flags and arguments of `rds-drop`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DropOptions {
    /// How to reach the service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Delete whatever has the configured prefix and our tags and has expired, of any run; reads no document
    #[arg(long, conflicts_with = "run")]
    pub expired: bool,

    /// Delete also what another owner's state directory made, or version 1, which named no owner: for a person who knows
    /// that nobody uses it
    #[arg(long)]
    pub any_owner: bool,

    /// Do not wait until what is deleted is gone
    #[arg(long)]
    pub no_wait: bool,

    /// Exit with 69 if all went well, but on a fallback snapshot: at the end of the pipe, after everything else. For
    /// whoever looks at exit codes only; the document is the same
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<Concern>,

    /// How long to wait until everything is gone [default: 30m]
    #[arg(long, value_name = "LENGTH")]
    pub timeout: Option<Length>,
}

/// Deletes the resources of `list` and, with `by_tags`, those that are found by their tags.
pub(super) fn all(
    desk: &Desk<'_>,
    document: &mut Document,
    options: &DropOptions,
    mut list: DeletionList,
    by_tags: bool,
) -> Result<Done, Error> {
    let prefix = options::prefix(&desk.house.config)?.to_owned();
    let asker =
        if options.expired { Asker::Reaper(Timestamp::now()) } else { Asker::Run(document.run.clone()) };
    let owner = match desk.house.known_owner()? {
        _ if options.any_owner => RequiredOwner::Any,
        Some(owner) => RequiredOwner::Of(owner),
        None => RequiredOwner::Nobody,
    };
    // The resources of `list` are deleted even if the search by tags fails; its error is returned afterwards.
    let listed = if by_tags {
        let source = (!options.expired).then(|| owed::source_of(desk, document, &list)).flatten();
        owed::tagged(desk, &TagSearch { prefix: &prefix, asker: &asker, owner: &owner, source }, &mut list)
    } else {
        Ok(())
    };
    let cases = list.into_vec().into_iter().map(|owed| Removal { owed, state: RemovalState::Here }).collect();
    let begun = desk.clock.now();
    let mut work = DropWork { remover: Remover { desk, prefix, asker, owner, begun }, options, cases };
    let stopped = work.rounds(document);
    work.forget_passwords();
    let outcome = work.conclude(document);
    stopped?;
    let done = outcome?;
    listed.map(|()| done)
}

struct DropWork<'a> {
    remover: Remover<'a>,
    options: &'a DropOptions,
    cases: Vec<Removal>,
}

impl DropWork<'_> {
    fn house(&self) -> &House {
        self.remover.desk.house
    }

    fn rounds(&mut self, document: &mut Document) -> Result<(), Interrupted> {
        let clock = self.remover.desk.clock;
        let begun = clock.now();
        let timeout = self.options.timeout.unwrap_or(TIMEOUT).duration();
        loop {
            self.round(document);
            let age = clock.now().saturating_sub(begun);
            if self.is_over() || age >= timeout {
                return Ok(());
            }
            self.house().cancel.check()?;
            let next = poll::interval(age.div_f64(clock.pace()), clock.random()).mul_f64(clock.pace());
            clock.sleep(next.min(timeout.saturating_sub(age)).max(Duration::from_millis(1)))?;
        }
    }

    fn is_over(&self) -> bool {
        let waits =
            |case: &&Removal| case.is_open() && !(self.options.no_wait && case.state == RemovalState::Asked);
        self.house().dry_run || !self.cases.iter().any(|case| waits(&case))
    }

    fn round(&mut self, document: &mut Document) {
        for index in 0..self.cases.len() {
            if self.cases[index].is_open() {
                self.cases[index].state = self.remover.step(&self.cases, index);
                if self.cases[index].state == RemovalState::Gone && !self.house().dry_run {
                    self.forget(document, index);
                }
            }
        }
    }

    /// Removes a deleted resource from the document and from the journal of its run.
    fn forget(&self, document: &mut Document, index: usize) {
        let owed = &self.cases[index].owed;
        let journal = self.house().journal(&owed.run);
        document.forget_resource(owed.kind, &owed.id);
        self.house().remember(document);
        if !journal.path().exists() {
            return;
        }
        if let Err(error) = journal.strike(owed.kind, &owed.id).and_then(|()| journal.close()) {
            self.house().progress.warn(&format!("{} is gone, but {error}", owed.label()));
        }
    }

    /// Makes one result of all outcomes. Refusals come before resources that are left.
    fn conclude(&self, document: &mut Document) -> Result<Done, Error> {
        let (mut refused, mut left, mut retryable) = (Vec::new(), Vec::new(), true);
        for Removal { owed, state } in &self.cases {
            match state {
                RemovalState::Gone | RemovalState::Here => {}
                // The journal keeps the resource until a later run sees that it is gone.
                RemovalState::Asked if self.options.no_wait => document.forget_resource(owed.kind, &owed.id),
                RemovalState::Asked => left.push(format!("{} (deleting)", owed.label())),
                RemovalState::Refused(why) => refused.push(format!("{}: {why}", owed.label())),
                RemovalState::Later(why) => left.push(format!("{} ({why})", owed.label())),
                RemovalState::Failed(why) => {
                    retryable = false;
                    left.push(format!("{} ({why})", owed.label()));
                }
            }
        }
        let all = self.cases.len();
        let word = if self.house().dry_run { "would be deleted" } else { "deleted" };
        if !refused.is_empty() {
            refused.extend(left.into_iter().map(|text| format!("{text} is left too")));
            Err(Error::Refused(refused.join("; ")))
        } else if left.is_empty() {
            Ok(Done::saying(match all {
                0 => "nothing to delete".to_owned(),
                _ => format!("{all} of {all} {word}"),
            }))
        } else {
            Err(Error::Left { list: left.join("; "), retryable })
        }
    }

    /// Removes the secret files of a run when none of its servers is left. A run without resources may have such files,
    /// too: its plan was made on a server that stays.
    fn forget_passwords(&self) {
        if self.house().dry_run {
            return;
        }
        if let Asker::Run(run) = &self.remover.asker
            && self.cases.iter().all(|case| case.owed.run != *run)
        {
            forget_password(self.house(), run);
        }
        let server =
            |case: &&Removal| matches!(case.owed.kind, ResourceKind::Cluster | ResourceKind::Instance);
        let stays = |case: &Removal| !matches!(case.state, RemovalState::Gone | RemovalState::Asked);
        for case in self.cases.iter().filter(server) {
            let run = &case.owed.run;
            if !self.cases.iter().filter(server).any(|other| other.owed.run == *run && stays(other)) {
                forget_password(self.house(), run);
            }
        }
    }
}

/// Removes the secret files of a run, if there are any: the option file of its copy, and the keys of its plan.
pub(super) fn forget_password(house: &House, run: &str) {
    let journal = house.journal(run);
    let path = password::file_of(&journal);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            house.progress.warn(&format!("cannot remove {}: {error}", path.display()));
        }
        _ => {}
    }
    if let Err(error) = journal.remove_secret(PLAN_KEYS) {
        house.progress.warn(&chain(&error));
    }
}
