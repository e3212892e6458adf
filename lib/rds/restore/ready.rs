//! Proves that a copy is usable by logging in.
//!
//! In: the copy with its login. Out: a session, or why no login succeeded. A cluster is `available` with an
//! endpoint long before its name resolves or a password is accepted.

use std::time::Duration;

use crate::config::RestoreConfig;
use crate::document::{Endpoint, ResourceKind, ThrowAwayCopy, chain};
use crate::mysql::{Access, LoginOptions, Session};
use crate::rds::desk::{Desk, span};
use crate::rds::error::Error;

/// How long attempts to log in go on, until the name resolves, the port answers and the new password is accepted.
const LOGIN_TIMEOUT: Duration = Duration::from_mins(5);

/// The least factor on [`LOGIN_TIMEOUT`]: a login takes a moment even where tests shorten all pauses.
const SHORTEST: f64 = 0.004;

/// How long to wait between two attempts to log in.
const LOGIN_PAUSE: Duration = Duration::from_secs(5);

/// Logs in; tries again until [`LOGIN_TIMEOUT`].
pub(crate) fn log_in(
    desk: &Desk<'_>,
    copy: &ThrowAwayCopy,
    settings: &RestoreConfig,
) -> Result<Session, Error> {
    let access = Access::of(desk.house, &LoginOptions::default());
    let server = access.to_copy(copy, settings)?;
    let begun = desk.clock.now();
    let patience = LOGIN_TIMEOUT.mul_f64(desk.clock.pace().max(SHORTEST));
    loop {
        desk.house.cancel.check()?;
        let error = match server.connect() {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let waited = desk.clock.now().saturating_sub(begun);
        if waited >= patience {
            return Err(Error::Login {
                what: server.label().to_owned(),
                waited: span(waited),
                source: Box::new(error),
            });
        }
        desk.clock.pause(LOGIN_PAUSE)?;
    }
}

/// The readers of a copy that accept a login. The others are left out with a warning: the dump can do without them.
pub(crate) fn readers(
    desk: &Desk<'_>,
    copy: &ThrowAwayCopy,
    instances: &[String],
    settings: &RestoreConfig,
) -> Result<Vec<Endpoint>, Error> {
    let mut ready = Vec::new();
    for id in instances.iter().skip(1) {
        let Some(found) = desk.look(ResourceKind::Instance, id)? else { continue };
        let reader = Endpoint { id: found.id, host: found.host, port: found.port, ..Endpoint::default() };
        match log_in(desk, &copy.through(&reader), settings) {
            Ok(_) => ready.push(reader),
            Err(error @ Error::Interrupted(_)) => return Err(error),
            Err(error) => {
                desk.house.progress.warn(&format!("reader {id} will not be used: {}", chain(&error)));
            }
        }
    }
    Ok(ready)
}
