//! One run at a time: locks of the server that a session holds until it ends.

use super::error::Error;
use crate::mysql::Session;
use crate::sql::literal;

/// Most characters of a lock's name before the helper's number. MySQL allows 64 in all.
const NAME_CHARACTERS_MAX: usize = 60;

/// Seconds to wait for a lock: so long a server may need to notice that the run before is gone.
const WAIT_SECONDS: u8 = 3;

/// Keeps other runs away until the session ends. Helpers (further connections) of a killed run may still be at work, and
/// would write into the next run's tables. So each helper holds a lock of its own, which must be free as well. No run has
/// more than `connections_max` connections, this one included.
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

/// Takes the lock of a helper, which shows later runs that it is at work. The lock is held until its session ends.
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
