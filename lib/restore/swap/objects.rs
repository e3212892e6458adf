//! Reads views, routines, triggers and events, which a RENAME of tables does not move.
//!
//! In: a database. Out: its objects as plain data. Each has the settings that its meaning depends on (SQL mode, collation, time
//! zone). Its text does not name the database, where the server allows this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::sql::{Mode, Token, literal, name, pieces, qualified, without_completion};

/// Kind of an object, in the order in which objects can be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StoredKind {
    /// A package of MariaDB's Oracle mode.
    Package,
    /// The body of such a package.
    PackageBody,
    /// A stored function (`CREATE FUNCTION`).
    Function,
    /// A stored procedure (`CREATE PROCEDURE`).
    Procedure,
    /// A view (`CREATE VIEW`).
    View,
    /// A trigger (`CREATE TRIGGER`).
    Trigger,
    /// A scheduled event (`CREATE EVENT`).
    Event,
}

impl StoredKind {
    /// The words that SQL has for the kind.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Package => "PACKAGE",
            Self::PackageBody => "PACKAGE BODY",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::View => "VIEW",
            Self::Trigger => "TRIGGER",
            Self::Event => "EVENT",
        }
    }
}

/// One view, routine, trigger or event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Object {
    /// What kind of object it is.
    pub(crate) kind: StoredKind,
    /// Name of the object, unquoted.
    pub(crate) name: String,
    /// Name of a trigger's table; empty for other kinds.
    #[serde(default)]
    pub(crate) table: String,
    /// The statement that creates it in the default database.
    pub(crate) create: String,
    /// SQL mode when it was made. Empty for views, whose text does not depend on the mode.
    #[serde(default)]
    pub(crate) sql_mode: String,
    /// Collation of its string literals.
    #[serde(default)]
    pub(crate) collation: String,
    /// Default collation of its database when it was made, which its parameters have. Empty for views.
    #[serde(default)]
    pub(crate) database_collation: String,
    /// Character set of the client that made it. Empty in a plan that an earlier version wrote.
    #[serde(default)]
    pub(crate) client: String,
    /// Time zone of an event; empty for other kinds.
    #[serde(default)]
    pub(crate) time_zone: String,
}

impl Object {
    /// Kind and full name for messages: `view app.v`.
    pub(crate) fn describe(&self, database: &str) -> String {
        format!("{} {database}.{}", self.kind.words().to_lowercase(), self.name)
    }
}

/// Names of the tables of a database, sequences among them.
pub(crate) fn tables(session: &mut Session, database: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} \
         AND TABLE_TYPE IN ('BASE TABLE', 'SEQUENCE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME",
        literal(database)
    );
    Ok(session.rows(&format!("listing the tables of {database}"), &sql)?)
}

/// Names of the sequences of a database (MariaDB).
pub(crate) fn sequences(session: &mut Session, database: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'SEQUENCE'",
        literal(database)
    );
    Ok(session.rows(&format!("listing the sequences of {database}"), &sql)?)
}

/// Fails if the database has a table that could not be kept for an undo.
pub(crate) fn refuse_our_names(session: &mut Session, database: &str) -> Result<(), Error> {
    match tables(session, database)?.into_iter().find(|table| !super::state::can_be_kept(table)) {
        Some(table) => Err(Error::OurName { table }),
        None => Ok(()),
    }
}

/// Alters functions and procedures to run with the rights of their callers (SQL SECURITY INVOKER). The session must have the
/// right to. Returns how many were altered.
pub(crate) fn make_invokers(session: &mut Session, database: &str) -> Result<usize, Error> {
    let sql = format!(
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} \
         AND SECURITY_TYPE = 'DEFINER' AND ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE')",
        literal(database)
    );
    let found: Vec<(String, String)> = session.rows(&format!("listing the routines of {database}"), &sql)?;
    for (kind, routine) in &found {
        let full = qualified(database, routine);
        session.run(&format!("altering {full}"), &format!("ALTER {kind} {full} SQL SECURITY INVOKER"))?;
    }
    Ok(found.len())
}

/// Reads all views, routines, triggers and events of a database, in the order in which they can be created. Only views are not in
/// order among each other.
pub(crate) fn read(session: &mut Session, database: &str) -> Result<Vec<Object>, Error> {
    // SHOW CREATE VIEW leaves out the database's name only if it is the default database.
    session.run(&format!("using {database}"), &format!("USE {}", name(database)))?;
    let mut objects = routines(session, database)?;
    objects.extend(views(session, database)?);
    objects.extend(triggers(session, database)?);
    objects.extend(events(session, database)?);
    Ok(objects)
}

fn routines(session: &mut Session, database: &str) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "SELECT ROUTINE_TYPE, ROUTINE_NAME, SQL_MODE, COLLATION_CONNECTION, DATABASE_COLLATION \
         FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
        literal(database)
    );
    let found: Vec<(String, String, String, String, String)> =
        session.rows(&format!("listing the routines of {database}"), &sql)?;
    let mut objects = Vec::new();
    for (kind, routine, sql_mode, collation, database_collation) in found {
        let kind = match kind.as_str() {
            "PROCEDURE" => StoredKind::Procedure,
            "PACKAGE" => StoredKind::Package,
            "PACKAGE BODY" => StoredKind::PackageBody,
            _ => StoredKind::Function,
        };
        let (create, client) = show_create(session, kind, database, &routine)?;
        objects.push(Object {
            kind,
            name: routine,
            create,
            client,
            sql_mode,
            collation,
            database_collation,
            table: String::new(),
            time_zone: String::new(),
        });
    }
    objects.sort_by_key(|object| object.kind);
    Ok(objects)
}

fn views(session: &mut Session, database: &str) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} \
         ORDER BY TABLE_NAME",
        literal(database)
    );
    let found: Vec<(String, String)> = session.rows(&format!("listing the views of {database}"), &sql)?;
    let mut objects = Vec::new();
    for (view, collation) in found {
        let (create, client) = show_create(session, StoredKind::View, database, &view)?;
        objects.push(Object {
            kind: StoredKind::View,
            name: view,
            create,
            client,
            collation,
            table: String::new(),
            sql_mode: String::new(),
            database_collation: String::new(),
            time_zone: String::new(),
        });
    }
    Ok(objects)
}

type TriggerParts = (String, String, String, String, String, Option<String>, String, String, String);

/// Returns a trigger that [`triggers`] has read with another name of its table.
pub(crate) fn on_table(trigger: &Object, table: &str) -> Object {
    let on = |table: &str| format!(" ON {} FOR EACH ROW ", name(table));
    let create = trigger.create.replacen(&on(&trigger.table), &on(table), 1);
    Object { create, table: table.to_owned(), ..trigger.clone() }
}

/// Reads the triggers, in the order in which they fire. Each statement is put together from parts, because `SHOW CREATE TRIGGER`
/// repeats names as they were typed, with or without the database. Only the body is taken from there: MySQL's
/// `information_schema` has the body with its string literals unescaped, which is other SQL.
pub(crate) fn triggers(session: &mut Session, database: &str) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, DEFINER, ACTION_STATEMENT, \
         SQL_MODE, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.TRIGGERS \
         WHERE TRIGGER_SCHEMA = {} ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER",
        literal(database)
    );
    let found: Vec<TriggerParts> = session.rows(&format!("listing the triggers of {database}"), &sql)?;
    let mut objects = Vec::new();
    for (trigger, table, timing, event, definer, body, sql_mode, collation, database_collation) in found {
        let hidden = || Error::Hidden { what: format!("trigger {database}.{trigger}") };
        body.ok_or_else(hidden)?;
        let (whole, client) = show_create(session, StoredKind::Trigger, database, &trigger)?;
        let body = body_of(&whole, Mode::of(&sql_mode)).ok_or_else(hidden)?;
        let (user, host) = definer.rsplit_once('@').unwrap_or((&definer, ""));
        let definer = if host.is_empty() { name(user) } else { format!("{}@{}", name(user), name(host)) };
        let create = format!(
            "CREATE DEFINER={definer} TRIGGER {} {timing} {event} ON {} FOR EACH ROW {body}",
            name(&trigger),
            name(&table)
        );
        objects.push(Object {
            kind: StoredKind::Trigger,
            name: trigger,
            table,
            create,
            client,
            sql_mode,
            collation,
            database_collation,
            time_zone: String::new(),
        });
    }
    Ok(objects)
}

/// Table, column and default of each column whose default names the database `other`. On MariaDB this is the next value of a
/// sequence, and a RENAME of the table does not change it.
pub(crate) fn defaults_from(
    session: &mut Session,
    database: &str,
    other: &str,
) -> Result<Vec<(String, String, String)>, Error> {
    let deed = format!("reading the defaults of {database}");
    let condition = format!("AND LOCATE({}, COLUMN_DEFAULT) > 0", literal(&format!("{}.", name(other))));
    let values = "TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT";
    Ok(catalog::columns(session, &deed, values, &literal(database), &condition)?)
}

/// The foreign keys between tables of a database, as (child, parent).
pub(crate) fn foreign_keys(session: &mut Session, database: &str) -> Result<Vec<(String, String)>, Error> {
    let sql = format!(
        "SELECT DISTINCT TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE \
         WHERE TABLE_SCHEMA = {0} AND REFERENCED_TABLE_SCHEMA = {0}",
        literal(database)
    );
    Ok(session.rows(&format!("listing the foreign keys of {database}"), &sql)?)
}

/// The columns of a table: each one's type, with `not null`, by its name.
pub(crate) fn columns(
    session: &mut Session,
    database: &str,
    table: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let sql = format!(
        "SELECT COLUMN_NAME, CONCAT(COLUMN_TYPE, IF(IS_NULLABLE = 'NO', ' not null', '')) \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
        literal(database),
        literal(table)
    );
    let found: Vec<(String, String)> =
        session.rows(&format!("reading the columns of {database}.{table}"), &sql)?;
    Ok(found.into_iter().collect())
}

/// The body of a trigger: what follows FOR EACH ROW. `FOLLOWS t` and `PRECEDES t` are left out, since triggers are created in
/// their order.
fn body_of(create: &str, mode: Mode) -> Option<&str> {
    let code: Vec<Token> = pieces(create, mode).filter(Token::is_code).collect();
    let is = |at: usize, word: &str| code.get(at).is_some_and(|token| token.is_word(create, word));
    let mut at = 3 + (0..code.len()).find(|at| is(*at, "FOR") && is(at + 1, "EACH") && is(at + 2, "ROW"))?;
    if is(at, "FOLLOWS") || is(at, "PRECEDES") {
        at += if code.get(at + 2)?.is(b'.') { 4 } else { 2 };
    }
    Some(&create[code.get(at)?.place.start..])
}

/// The events of a database, enabled or disabled as they are now.
pub(crate) fn events(session: &mut Session, database: &str) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "SELECT EVENT_NAME, SQL_MODE, TIME_ZONE, COLLATION_CONNECTION, DATABASE_COLLATION \
         FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} ORDER BY EVENT_NAME",
        literal(database)
    );
    let found: Vec<(String, String, String, String, String)> =
        session.rows(&format!("listing the events of {database}"), &sql)?;
    let mut objects = Vec::new();
    for (event, sql_mode, time_zone, collation, database_collation) in found {
        // The server shows an event's times in the session's time zone.
        session.attempt(&format!("SET SESSION time_zone = {}", literal(&time_zone)));
        let shown = show_create(session, StoredKind::Event, database, &event);
        session.attempt("SET SESSION time_zone = '+00:00'");
        let (create, client) = shown?;
        let create = without_completion(&create);
        objects.push(Object {
            kind: StoredKind::Event,
            name: event,
            create,
            client,
            sql_mode,
            collation,
            database_collation,
            time_zone,
            table: String::new(),
        });
    }
    Ok(objects)
}

/// True if this account may read the body of a procedure.
pub(crate) fn can_read_procedure(session: &mut Session, database: &str, procedure: &str) -> bool {
    show_create(session, StoredKind::Procedure, database, procedure).is_ok()
}

/// The text of `SHOW CREATE`, and the character set of the client that made the object.
fn show_create(
    session: &mut Session,
    kind: StoredKind,
    database: &str,
    object: &str,
) -> Result<(String, String), Error> {
    let words = kind.words();
    let what = format!("{} {database}.{object}", words.to_lowercase());
    let sql = format!("SHOW CREATE {words} {}", qualified(database, object));
    let found = session.definition(&format!("reading {what}"), &sql, (words, object))?;
    let shown = found.and_then(|found| Some((found.text.ok()?, found.charset)));
    shown.ok_or(Error::Hidden { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_trigger_is_what_was_written() {
        for (head, body) in [
            (
                "CREATE DEFINER=`a`@`b` TRIGGER `FOR EACH ROW` AFTER INSERT ON `x` FOR EACH ROW ",
                r"SET NEW.a = 'it''s \n'",
            ),
            (
                "CREATE TRIGGER d.t BEFORE UPDATE ON d.x for each row FOLLOWS `d`.`u` ",
                "BEGIN SET @a = 1; END",
            ),
            ("CREATE TRIGGER t BEFORE UPDATE ON x FOR EACH ROW PRECEDES u ", "SET @b = 2"),
        ] {
            assert_eq!(body_of(&format!("{head}{body}"), Mode::default()), Some(body));
        }
        assert_eq!(body_of("CREATE TRIGGER t", Mode::default()), None);
    }
}
