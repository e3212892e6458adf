//! One run at a time: locks of the server that a session holds until it ends.

use super::error::Error;
use crate::mysql::Session;
use crate::sql::literal;

/// Of MySQL's 64 characters for the name of a lock, so many are the schema's.
const NAME_CHARACTERS_MAX: usize = 60;

/// How long the server may take to notice that the run before is gone.
const WAIT_SECONDS: u8 = 3;

/// Keeps other runs away until the session ends. Helpers of a run that was killed may be at work still, and what they
/// are doing would end up in the next run's tables: each holds a lock of its own, which must be free as well. No run has
/// more than `connections_max` connections, this one among them.
pub(crate) fn lock(session: &mut Session, schema: &str, connections_max: usize) -> Result<(), Error> {
    take(session, schema, &[lock_name(schema, 0)])?;
    if connections_max < 2 {
        return Ok(());
    }
    let helpers: Vec<String> = (1..connections_max).map(|number| lock_name(schema, number)).collect();
    take(session, schema, &helpers)?;
    let release: Vec<String> =
        helpers.iter().map(|name| format!("RELEASE_LOCK({})", literal(name))).collect();
    session.rows::<mysql::Row>("letting helpers in", &format!("SELECT {}", release.join(", ")))?;
    Ok(())
}

/// Says to later runs that this helper is at work, until its session ends.
pub(crate) fn lock_helper(session: &mut Session, schema: &str, number: usize) -> Result<(), Error> {
    take(session, schema, &[lock_name(schema, number)])
}

fn lock_name(schema: &str, number: usize) -> String {
    let name: String = format!("refreshkit.{schema}").chars().take(NAME_CHARACTERS_MAX).collect();
    if number == 0 { name } else { format!("{name}.{number}") }
}

fn take(session: &mut Session, schema: &str, locks: &[String]) -> Result<(), Error> {
    let each: Vec<String> = locks
        .iter()
        .map(|name| format!("COALESCE(GET_LOCK({}, {WAIT_SECONDS}), 0)", literal(name)))
        .collect();
    let got: Option<usize> = session.first("taking the lock", &format!("SELECT {}", each.join(" + ")))?;
    if got == Some(locks.len()) {
        return Ok(());
    }
    Err(Error::Busy { server: session.label().to_owned(), schema: schema.to_owned() })
}
