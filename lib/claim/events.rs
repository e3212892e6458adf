//! Disables production's events on the copy: they would go on firing there, and change rows between the snapshot and the dump.
//!
//! In: a session on the copy, as early as a login succeeds. Out: every enabled event is disabled. Its definer is noted in a table
//! beside the token's, since `ALTER EVENT` makes the account that runs it the definer. The dump writes the events as they were.
//!
//! The scheduler itself is left on: a master user of RDS may not set it.

use std::collections::BTreeMap;

#[cfg(feature = "aws")]
use ::mysql::Row;

#[cfg(feature = "aws")]
use super::token;
use crate::mysql::{Error, Session, number};
use crate::sql::{literal, qualified};

/// The table for events, in the schema of the token.
const TABLE: &str = "events";

/// What an event had before it was disabled on the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBefore {
    /// Its definer, as SQL writes an account.
    pub definer: String,
    /// The collation that its database had when the event was made.
    pub database_collation: String,
}

#[cfg(feature = "aws")]
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Stilled {
    pub(crate) disabled: usize,
    /// The events that could not be disabled, each with the reason.
    pub(crate) left: Vec<String>,
}

/// Disables every event that is enabled, and notes its definer and database collation.
#[cfg(feature = "aws")]
pub(crate) fn still_events(session: &mut Session) -> Result<Stilled, Error> {
    let doing = "disabling production's events on the copy";
    let table = qualified(token::SCHEMA, TABLE);
    session.run(
        doing,
        &format!(
            "CREATE TABLE IF NOT EXISTS {table} (db VARCHAR(64) COLLATE utf8mb4_bin NOT NULL, \
             name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL, definer VARCHAR(400) NOT NULL, \
             database_collation VARCHAR(64) NOT NULL, PRIMARY KEY (db, name)) DEFAULT CHARSET = utf8mb4"
        ),
    )?;
    let mut done = Stilled::default();
    let databases: Vec<String> = session.rows(doing, "SHOW DATABASES")?;
    for database in databases {
        let listing = format!("SHOW EVENTS FROM {} WHERE Status = 'ENABLED'", crate::sql::name(&database));
        let rows: Vec<Row> = match session.rows(doing, &listing) {
            Ok(rows) => rows,
            // On some versions, and for some accounts, the server's own schemas; and a server without a scheduler.
            Err(error) if error.is_denied() || error.number() == Some(number::EVENTS_DISABLED) => continue,
            Err(error) if error.number().is_some() => {
                done.left.push(format!("those of {database} ({error})"));
                continue;
            }
            Err(error) => return Err(error),
        };
        for row in &rows {
            let Some(event) = Enabled::of(row) else {
                done.left.push(format!("one of {database}, whose listing cannot be read"));
                continue;
            };
            let label = format!("{database}.{}", event.name);
            // The server reads the statement of `disable` in the event's own character set.
            if !event.name.is_ascii() && !event.client.starts_with("utf8") {
                done.left.push(format!("{label} (its name cannot be written in {})", event.client));
                continue;
            }
            let noted = [&database, &event.name, &event.definer, &event.database].map(|text| literal(text));
            // Noted first: once an event is disabled, no later run would list it.
            session.run(doing, &format!("REPLACE INTO {table} VALUES ({})", noted.join(", ")))?;
            match disable(session, &database, &event) {
                Ok(()) => done.disabled += 1,
                Err(error) => done.left.push(format!("{label} ({error})")),
            }
        }
    }
    Ok(done)
}

/// Disables one event, with the event's character set and collation in force: `ALTER EVENT` stores those of the session.
#[cfg(feature = "aws")]
fn disable(session: &mut Session, database: &str, event: &Enabled) -> Result<(), Error> {
    let doing = format!("disabling the event {database}.{}", event.name);
    session.run(
        &doing,
        &format!(
            "SET character_set_client = {}, collation_connection = {}",
            literal(&event.client),
            literal(&event.connection)
        ),
    )?;
    let done = session.run(&doing, &format!("ALTER EVENT {} DISABLE", qualified(database, &event.name)));
    session.run(&doing, "SET NAMES utf8mb4")?;
    done.map(|_| ())
}

#[cfg(feature = "aws")]
struct Enabled {
    name: String,
    definer: String,
    client: String,
    connection: String,
    database: String,
}

#[cfg(feature = "aws")]
impl Enabled {
    fn of(row: &Row) -> Option<Self> {
        let text = |column: &str| row.get_opt::<String, &str>(column)?.ok();
        let who = text("Definer")?;
        // The last @ separates user and host: a user's name may have one, a host's has none.
        let (user, host) = who.rsplit_once('@')?;
        Some(Self {
            name: text("Name")?,
            definer: format!("{}@{}", crate::sql::name(user), crate::sql::name(host)),
            client: text("character_set_client")?,
            connection: text("collation_connection")?,
            database: text("Database Collation")?,
        })
    }
}

/// The events of a database that were disabled on the copy, by name; empty on a server that is no copy.
pub fn events_before(session: &mut Session, database: &str) -> Result<BTreeMap<String, EventBefore>, Error> {
    let sql = format!(
        "SELECT name, definer, database_collation FROM {} WHERE db = {}",
        qualified(super::token::SCHEMA, TABLE),
        literal(database)
    );
    let found: Vec<(String, String, String)> =
        match session.rows("looking for events that were disabled", &sql) {
            Ok(found) => found,
            Err(error)
                if error.is_denied()
                    || matches!(error.number(), Some(number::NO_SUCH_TABLE | number::NO_SUCH_DATABASE)) =>
            {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(error),
        };
    let before = |(name, definer, database_collation)| (name, EventBefore { definer, database_collation });
    Ok(found.into_iter().map(before).collect())
}
