//! The token: a random text that is left on a new copy, so that the copy is recognised later.
//!
//! In: a session on the copy. Out: the token in a table of a schema of its own, which outlives the work schema and is in no
//! dump.

use rand::{Rng, distr::Alphanumeric};

use super::error::Error as ClaimError;
use crate::mysql::{Error, Session, number};
use crate::sql::literal;
use crate::sql::qualified;

pub(super) const SCHEMA: &str = "refreshkit_token";

const TABLE: &str = "token";

/// Number of letters and digits: 285 bits.
const LENGTH: usize = 48;

/// Fails if the token's schema is among the databases of a plan or dump: the token is secret, and a dump is not.
pub fn stays(databases: &[String]) -> Result<(), ClaimError> {
    if databases.iter().any(|name| name.eq_ignore_ascii_case(SCHEMA)) {
        return Err(ClaimError::TokenComesAlong(SCHEMA));
    }
    Ok(())
}

/// Writes a new token to the copy and returns it.
pub(crate) fn plant(session: &mut Session) -> Result<String, Error> {
    let token: String = rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect();
    let (deed, table) = ("leaving a token on the copy", qualified(SCHEMA, TABLE));
    session.run(deed, &format!("CREATE DATABASE IF NOT EXISTS {}", crate::sql::name(SCHEMA)))?;
    session.run(
        deed,
        &format!(
            "CREATE TABLE IF NOT EXISTS {table} (id TINYINT NOT NULL PRIMARY KEY, token VARCHAR(64) NOT NULL)"
        ),
    )?;
    // REPLACE: if the source was a copy itself, its token came with the data.
    session.run(deed, &format!("REPLACE INTO {table} VALUES (1, {})", literal(&token)))?;
    Ok(token)
}

/// Whether the server has this token; `None` if the server has no token at all.
pub(super) fn has(session: &mut Session, token: &str) -> Result<Option<bool>, Error> {
    let sql = format!("SELECT token FROM {} WHERE id = 1", qualified(SCHEMA, TABLE));
    match session.first::<String>("looking for the token of the copy", &sql) {
        // An empty token is that of a copy on which none was left: nothing matches it.
        Ok(found) => Ok(found.map(|found| !token.is_empty() && found == token)),
        Err(error) if matches!(error.number(), Some(number::NO_SUCH_TABLE | number::NO_SUCH_DATABASE)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
