//! Gives a copy a master password of its own and waits until it is in force.
//!
//! In: a copy that still has production's password: a restore takes no other. Out: a reference to a random one that nobody else
//! knows: an option file, mode 0600, or a secret of AWS Secrets Manager that the service makes. Without this step, masking
//! would run with production's credentials.

use std::path::PathBuf;
use std::time::Duration;

use rand::Rng;
use rand::distr::Alphanumeric;

use crate::config::CopyPassword;
use crate::document::{Journal, Login};
use crate::mysql;
use crate::rds::api::Thing;
use crate::rds::desk::Desk;
use crate::rds::error::Error;
use crate::rds::poll::{self, Judgement, Patience};

/// Number of letters and digits (190 bits). These characters suit every rule of the service and every option file.
const PASSWORD_LENGTH: usize = 32;

/// Pause after the service accepted the change: for some seconds the copy's description does not show it yet.
const BEFORE_IT_SHOWS: Duration = Duration::from_secs(15);

/// How long a change of the password may take; a minute is usual.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(15);

/// Number of looks in a row that must find the copy usable, since a status may lag behind.
const STEADY_LOOKS: u32 = 2;

/// The path of a run's option file, which has the password of its copy.
pub(crate) fn file_of(journal: &Journal) -> PathBuf {
    journal.secret_path("cnf")
}

/// Gives `copy` a password of its own and returns where that is kept.
pub(crate) fn renew(
    desk: &Desk<'_>,
    journal: &Journal,
    copy: &Thing,
    place: CopyPassword,
) -> Result<Login, Error> {
    match place {
        CopyPassword::OptionFile => in_file(desk, journal, copy),
        CopyPassword::SecretsManager => in_secret(desk, copy),
    }
}

/// Sets a password that we make, and keeps it in an option file for the master user.
fn in_file(desk: &Desk<'_>, journal: &Journal, copy: &Thing) -> Result<Login, Error> {
    // Absolute, because the next tool of the pipe may run elsewhere.
    let path = std::path::absolute(file_of(journal)).unwrap_or_else(|_| file_of(journal));
    let password = make();
    journal.prepare()?;
    let key = desk.house.config.restore.server_public_key.as_deref();
    mysql::write_option_file_with_key(&path, (&copy.user, &password), key)?;
    // `true`: right after a restore the copy may be busy with a first backup.
    desk.call(true, || desk.cloud.set_password(copy.kind, &copy.id, &password))?;
    desk.clock.pause(BEFORE_IT_SHOWS)?;
    await_password(desk, copy, |thing| thing.pending.is_empty())?;
    Ok(Login::option_file(&path))
}

/// Has the service make a password and keep it in a secret, which it deletes with the copy.
fn in_secret(desk: &Desk<'_>, copy: &Thing) -> Result<Login, Error> {
    desk.call(true, || desk.cloud.keep_password(copy.kind, &copy.id))?;
    desk.clock.pause(BEFORE_IT_SHOWS)?;
    let is_active = |thing: &Thing| thing.secret.as_ref().is_some_and(|secret| secret.status == "active");
    let settled = await_password(desk, copy, |thing| thing.pending.is_empty() && is_active(thing))?;
    let arn = settled.secret.map(|secret| secret.arn).unwrap_or_default();
    Ok(Login::SecretsManager { arn, other: serde_json::Map::new() })
}

fn make() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_LENGTH).map(char::from).collect()
}

/// Waits until the password is in force.
fn await_password(desk: &Desk<'_>, copy: &Thing, is_done: impl Fn(&Thing) -> bool) -> Result<Thing, Error> {
    let mut steady = 0;
    let begun = desk.clock.now();
    let judge = |thing: &Thing| {
        // A terminal status ends the wait at once.
        let judgement = match poll::usable(thing) {
            Judgement::Ready if !is_done(thing) => Judgement::Wait,
            judgement => judgement,
        };
        steady = if judgement == Judgement::Ready { steady + 1 } else { 0 };
        if judgement == Judgement::Ready && steady < STEADY_LOOKS { Judgement::Wait } else { judgement }
    };
    let patience = Patience { timeout: SETTLE_TIMEOUT.mul_f64(desk.clock.pace()), newborn: true };
    let settled = desk.wait(copy.kind, &copy.id, patience, judge);
    settled.map_err(|ended| match desk.explain(copy.kind, &copy.id, begun, ended) {
        Error::TimedOut { what, waited, events, .. } => {
            Error::TimedOut { what, status: "changing its master password".to_owned(), waited, events }
        }
        other => other,
    })
}
