//! The master password of a copy: random, set, settled.
//!
//! In: a copy that still answers to production's password. Out: a reference to one that nobody else knows: an option
//! file, mode 0600, or a secret of AWS Secrets Manager that the service makes. A restore takes no password; whoever forgets this step runs masking with production's credentials.

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

/// Letters and digits: every rule of the service and every option file takes them (190 bits).
const PASSWORD_LENGTH: usize = 32;

/// The change begins some seconds after it is accepted; until then nothing shows.
const BEFORE_IT_SHOWS: Duration = Duration::from_secs(15);

/// How long a change of the password may take; a minute is usual.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(15);

/// Usable looks in a row that count as settled: a status may lag behind.
const STEADY_LOOKS: u32 = 2;

/// Where the copy's option file of a run is.
pub(crate) fn file_of(journal: &Journal) -> PathBuf {
    journal.secret_path("cnf")
}

/// Gives `copy` a password of its own; says where it is kept.
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

/// A password of ours, in an option file for the master user.
fn in_file(desk: &Desk<'_>, journal: &Journal, copy: &Thing) -> Result<Login, Error> {
    // Absolute, because the next tool of the pipe may run elsewhere.
    let path = std::path::absolute(file_of(journal)).unwrap_or_else(|_| file_of(journal));
    let password = make();
    journal.prepare()?;
    let key = desk.house.config.restore.server_public_key.as_deref();
    mysql::write_option_file_with_key(&path, (&copy.user, &password), key)?;
    // Right after a restore the copy may be busy with a first backup.
    desk.call(true, || desk.cloud.set_password(copy.kind, &copy.id, &password))?;
    desk.clock.pause(BEFORE_IT_SHOWS)?;
    await_password(desk, copy, |thing| thing.pending.is_empty())?;
    Ok(Login::option_file(&path))
}

/// A password of the service's, in a secret that goes with the copy.
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
        // A server that the service has given up on shows it by its own status.
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
