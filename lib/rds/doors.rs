//! The functions that the doors (`bins/`) call: each connects to the real service and runs one verb.

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

/// Connects to the service, checks that there are credentials, and runs `verb`. `cancel` ends running calls.
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

/// Warns of session credentials that nothing renews: a run takes hours, and such a session often lasts one.
fn warn_of_an_end(house: &House, standing: Standing) {
    if !standing.ends() {
        return;
    }
    let end = standing.expires.map(|end| format!(" after {end}")).unwrap_or_default();
    house.progress.warn(&format!(
        "these are session credentials that nothing renews: the night fails as soon as they are not taken any more{end}; a role, SSO or credential_process would renew them"
    ));
}

/// `rds-snap`: orders a snapshot, or finds the one that `--snapshot` names.
pub fn snap(house: &House, document: &mut Document, options: &SnapOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, cloud, standing| {
        warn_of_an_end(house, standing);
        super::snapshot::take(desk, document, options, |source| {
            if options.no_check { Ok(()) } else { check::before(desk, cloud, &house.config.restore, source) }
        })
    })
}

/// `rds-wait`: waits for a snapshot or a server; falls back if the snapshot fails.
pub fn wait(house: &House, document: &mut Document, options: &WaitOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, _, _| {
        super::wait::until_ready(desk, document, options)
    })
}

/// `rds-restore`: makes a throw-away copy that accepts a login.
pub fn restore(house: &House, document: &mut Document, options: &RestoreOptions) -> Result<Done, Error> {
    with_desk(house, &options.service, house.cancel.clone(), |desk, _, _| {
        super::restore::copy(desk, document, options)
    })
}

/// Answers `rds-restore --iam-policy` with the policy, or `--check` with its findings.
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

/// `rds-drop`: deletes what the run created. `named` is the run of `--run`: its resources are looked for by their tags, too.
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
    // A signal must not end a delete call that is under way: hence a `Cancel` that nothing raises.
    let done = with_desk(house, &options.service, Cancel::default(), |desk, _, _| {
        super::drop::all(desk, document, options, list, by_tags)
    })?;
    trouble.map_or(Ok(done), Err)
}
