//! What the doors call: each verb with the real service behind it.

use super::check;
use super::desk::Desk;
use super::drop::DropOptions;
use super::error::Error;
use super::options::ServiceOptions;
use super::policy;
use super::poll::RealClock;
use super::restore::RestoreOptions;
use super::snapshot::SnapOptions;
use super::wait::WaitOptions;
use crate::aws::{Connection, Standing};
use crate::document::{AnyFailure, Document, Done};
use crate::house::{Cancel, House};
use crate::rds::drop::owed;

/// Opens the service for `verb`. `cancel` ends running calls.
fn with_desk(
    house: &House,
    service: &ServiceOptions,
    cancel: Cancel,
    verb: impl FnOnce(&Desk<'_>, &Connection, Standing) -> Result<Done, Error>,
) -> Result<Done, Error> {
    let cloud = Connection::open(service.endpoint_url.as_deref(), service.pace, cancel)?;
    let clock = RealClock::new(house.cancel.clone(), service.pace);
    let desk = Desk::new(house, &cloud, &clock);
    let standing = desk.patiently(false, || cloud.standing())?;
    verb(&desk, &cloud, standing)
}

/// A night takes hours, and the session of a person or of a build takes one.
fn warn_of_an_end(house: &House, standing: Standing) {
    if !standing.ends() {
        return;
    }
    let end = standing.expires.map(|end| format!(" after {end}")).unwrap_or_default();
    house.progress.warn(&format!(
        "these are session credentials that nothing renews: the night fails as soon as they are not taken any more{end}; a role, SSO or credential_process would renew them"
    ));
}

/// Orders a snapshot, or finds the one that is named.
pub fn snap(house: &House, document: &mut Document, options: &SnapOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, cloud, standing| {
        warn_of_an_end(house, standing);
        super::snapshot::take(desk, document, options, |source| {
            if options.no_check { Ok(()) } else { check::before(desk, cloud, &house.config.restore, source) }
        })
    })
}

/// Waits for a snapshot or a server; falls back if the snapshot fails.
pub fn wait(house: &House, document: &mut Document, options: &WaitOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, _, _| {
        super::wait::until_ready(desk, document, options)
    })
}

/// Makes a throw-away copy that accepts a login.
pub fn restore(house: &House, document: &mut Document, options: &RestoreOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, _, _| {
        super::restore::copy(desk, document, options)
    })
}

/// Answers a question of `rds-restore`: the policy, or a check.
pub fn answer(
    house: &House,
    options: &RestoreOptions,
    out: &mut dyn std::io::Write,
) -> Result<(), AnyFailure> {
    let service = &options.service;
    let Some(form) = options.check.filter(|_| !service.iam_policy) else {
        return policy::print(house, service, out);
    };
    let cloud = Connection::open(service.endpoint_url.as_deref(), service.pace, house.cancel.clone())
        .map_err(Error::from)?;
    let clock = RealClock::new(house.cancel.clone(), service.pace);
    let desk = Desk::new(house, &cloud, &clock);
    let standing = desk.patiently(false, || cloud.standing())?;
    let settings = options.over(&house.config.restore);
    Ok(check::tell(&desk, (&cloud, standing), &settings, form, out)?)
}

/// Deletes what the run created. `named` is the run that a person named: its tags are asked too.
pub fn drop(
    house: &House,
    document: &mut Document,
    options: &DropOptions,
    named: Option<&str>,
) -> Result<Done, Error> {
    let done = clean(house, document, options, named)?;
    Ok(match options.fail_on.map(|concern| concern.check(document)) {
        Some(Err(concern)) => done.objecting(house.tool, &concern),
        _ => done,
    })
}

fn clean(
    house: &House,
    document: &mut Document,
    options: &DropOptions,
    named: Option<&str>,
) -> Result<Done, Error> {
    if let Some(run) = named.filter(|run| **run != document.run) {
        let said = &document.run;
        return Err(Error::Document(format!(
            "the document on stdin is of run {said:?}, but --run says {run:?}"
        )));
    }
    let (list, trouble) = if options.expired { Default::default() } else { owed::written(house, document) };
    let by_tags = options.expired || named.is_some() || document.lost;
    if list.is_empty() && !by_tags {
        if trouble.is_none() && !house.dry_run {
            super::drop::forget_password(house, &document.run);
        }
        return trouble.map_or_else(|| Ok(Done::saying("nothing to delete")), Err);
    }
    // Deletes are finished even after a signal: no cancel ends them.
    let done = with_desk(house, &options.service, Cancel::default(), |desk, _, _| {
        super::drop::all(desk, document, options, list, by_tags)
    })?;
    trouble.map_or(Ok(done), Err)
}
