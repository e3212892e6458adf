//! Reads routines, views, triggers and events from the server, each with the settings that it was created under.
//!
//! In: a connection and databases. Out: [`ObjectEntry`]s in an order in which they can be created: functions before the
//! views that may call them, views after the views that they read, triggers in the order in which they fire.

use std::collections::{BTreeMap, BTreeSet};

use ::mysql::Row;

use super::rewrite::rewrite;
use super::schema::Outline;
use crate::archive::{ObjectEntry, ObjectKind};
use crate::claim::{self, EventBefore};
use crate::config::Definer;
use crate::dump::error::Error;
use crate::mysql::{DefinitionUnread, Session, number, text_of};
use crate::rows::{RowColumn, columns_of};
use crate::sql::{
    Mode, Named, awake, in_case, is_awake, literal, name, named_in, portable, qualified, tokens,
    with_definer, without_completion,
};

/// Reads the objects of every database of the outline. A view that cannot be restored is left out with a warning.
pub(crate) fn objects(
    session: &mut Session,
    outline: &mut Outline,
    policy: Definer,
) -> Result<Vec<ObjectEntry>, Error> {
    let mut all = Vec::new();
    for entry in outline.databases.clone() {
        let database = entry.name;
        // Servers show names of the default database without the database.
        session.run(&format!("entering {database}"), &format!("USE {}", name(&database)))?;
        let reader = Reader { database: &database, collation: &entry.collation, policy };
        all.extend(reader.routines(session)?);
        all.extend(reader.views(session, outline)?);
        all.extend(reader.triggers(session, outline)?);
        all.extend(reader.events(session, outline)?);
    }
    if session.ignores_case() {
        in_one_case(outline, &mut all);
    }
    // A function must come before the views of all databases, which may call it. The sort is stable.
    all.sort_by_key(|object| object.kind);
    Ok(all)
}

/// Writes databases' names in bodies in the case in which the server keeps them. Authors typed them in any case. But a target
/// may not ignore case, and a restore under another name looks for the kept name.
fn in_one_case(outline: &Outline, objects: &mut [ObjectEntry]) {
    for database in outline.databases.iter().map(|entry| &entry.name) {
        let tables = outline.tables.iter().filter(|table| table.database == *database);
        let named = objects.iter().filter(|object| object.database == *database);
        let known: BTreeSet<String> = tables
            .map(|table| table.table.to_lowercase())
            .chain(named.map(|object| object.name.to_lowercase()))
            .collect();
        for object in objects.iter_mut() {
            object.create = in_case(&object.create, database, &known, Mode::set_by(&object.session));
        }
    }
}

/// The problem of an object whose body this account may not read.
const HIDDEN: &str = "this account may not read its body (it lacks SHOW_ROUTINE on MySQL, SHOW CREATE ROUTINE on MariaDB 11, or SELECT \
                      on mysql.proc)";

/// The row that `SHOW CREATE` returns for an object, and the definition as text.
struct ShownObject {
    row: Row,
    create: String,
}

struct Reader<'a> {
    database: &'a str,
    collation: &'a str,
    policy: Definer,
}

impl Reader<'_> {
    fn routines(&self, session: &mut Session) -> Result<Vec<ObjectEntry>, Error> {
        let sql = format!(
            "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} \
             ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
            literal(self.database)
        );
        let found: Vec<(String, String)> =
            session.rows(&format!("listing the routines of {}", self.database), &sql)?;
        let mut entries = Vec::new();
        for (word, routine) in found {
            let kind = match word.as_str() {
                "FUNCTION" => ObjectKind::Function,
                "PACKAGE" => ObjectKind::Package,
                "PACKAGE BODY" => ObjectKind::PackageBody,
                _ => ObjectKind::Procedure,
            };
            let shown = self.show(session, &word, &routine)?;
            entries.push(self.entry(kind, &routine, &shown)?);
        }
        Ok(entries)
    }

    fn triggers(&self, session: &mut Session, outline: &Outline) -> Result<Vec<ObjectEntry>, Error> {
        let sql = format!(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {} \
             ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER",
            literal(self.database)
        );
        let found: Vec<(String, String)> =
            session.rows(&format!("listing the triggers of {}", self.database), &sql)?;
        let mut entries = Vec::new();
        for (trigger, table) in found {
            if outline.left_out.contains(&(self.database.to_owned(), table.clone())) {
                continue;
            }
            let shown = self.show(session, "TRIGGER", &trigger)?;
            let entry = self.entry(ObjectKind::Trigger, &trigger, &shown)?;
            entries.push(ObjectEntry { table: Some(table), ..entry });
        }
        Ok(entries)
    }

    /// Warns that events may be missing, unless `mysql.event` shows that there are none.
    fn warn_of_events(&self, session: &mut Session, outline: &mut Outline) {
        let sql = format!("SELECT COUNT(*) FROM mysql.event WHERE db = {}", literal(self.database));
        let counted: Option<u64> = session.first("counting events", &sql).ok().flatten();
        if counted != Some(0) {
            outline.warnings.push(format!(
                "the events of {} are left out: event_scheduler is DISABLED on the source, so it does not show them \
                 (OFF would do)",
                self.database
            ));
        }
    }

    fn events(&self, session: &mut Session, outline: &mut Outline) -> Result<Vec<ObjectEntry>, Error> {
        let sql = format!(
            "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} ORDER BY EVENT_NAME",
            literal(self.database)
        );
        let deed = format!("listing the events of {}", self.database);
        let found: Vec<String> = match session.rows(&deed, &sql) {
            // With its event scheduler DISABLED, a server refuses to list events, even if there are none.
            Err(error) if error.number() == Some(number::EVENTS_DISABLED) => {
                self.warn_of_events(session, outline);
                Vec::new()
            }
            outcome => outcome?,
        };
        let before = claim::events_before(session, self.database)?;
        let mut entries = Vec::new();
        for event in found {
            let shown = self.show(session, "EVENT", &event)?;
            let mut entry = self.entry(ObjectKind::Event, &event, &shown)?;
            entry.create = without_completion(&entry.create);
            if let Some(before) = before.get(&event).filter(|_| !is_awake(&entry.create)) {
                self.as_before(&mut entry, before);
            }
            if let Some(zone) = text_of(&shown.row, "time_zone") {
                entry.session.push(format!("SET time_zone = {}", literal(&zone)));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Restores the event as production had it: on the copy it was disabled, which changed its definer.
    fn as_before(&self, entry: &mut ObjectEntry, before: &EventBefore) {
        entry.create = awake(&entry.create);
        if self.policy == Definer::Keep {
            entry.create = with_definer(&entry.create, &before.definer);
            entry.definer = Some(before.definer.clone());
        }
        let collation = Some(before.database_collation.clone());
        entry.database_collation = collation.filter(|found| found != self.collation);
    }

    fn views(&self, session: &mut Session, outline: &mut Outline) -> Result<Vec<ObjectEntry>, Error> {
        let sql = format!(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'VIEW' \
             ORDER BY TABLE_NAME",
            literal(self.database)
        );
        let found: Vec<String> = session.rows(&format!("listing the views of {}", self.database), &sql)?;
        let columns = columns_of(session, self.database, None)?;
        let mut entries = Vec::new();
        for view in found {
            let names =
                columns.get(&view).into_iter().flatten().map(|column: &RowColumn| column.name.clone());
            let names: Vec<String> = names.collect();
            // `is_whole` cannot judge a view whose definer is gone, but a view without columns is broken in any case.
            if names.is_empty() || !self.is_whole(session, &view) {
                outline.leave_out_view(self.database, &view, "is broken in the source");
                continue;
            }
            let shown = self.show(session, "VIEW", &view)?;
            let entry = self.entry(ObjectKind::View, &view, &shown)?;
            let entry = ObjectEntry { create: portable(&entry.create), ..entry };
            entries.push(ObjectEntry { columns: names, ..entry });
        }
        // A view that reads a view that is left out is left out too.
        while let Some((at, missing)) = entries
            .iter()
            .enumerate()
            .find_map(|(at, entry)| Some((at, missing(&entry.create, self.database, outline)?)))
        {
            let view = entries.remove(at).name;
            let why = format!("reads {missing}, which is not in the dump");
            outline.leave_out_view(self.database, &view, &why);
        }
        Ok(in_order(entries))
    }

    /// True if the server can resolve a view. The view is not read, since its functions would run. A view whose definer is gone
    /// cannot be resolved, but counts as whole unless definers are kept.
    fn is_whole(&self, session: &mut Session, view: &str) -> bool {
        let sql = format!("SELECT 1 FROM {}", qualified(self.database, view));
        match session.resolve(&format!("trying the view {}.{view}", self.database), &sql) {
            Ok(()) => true,
            Err(error) => self.policy != Definer::Keep && error.number() == Some(number::NO_SUCH_DEFINER),
        }
    }

    fn show(&self, session: &mut Session, word: &str, object: &str) -> Result<ShownObject, Error> {
        let sql = format!("SHOW CREATE {word} {}", qualified(self.database, object));
        let deed = format!("reading {} {}.{object}", word.to_lowercase(), self.database);
        let found = session
            .definition(&deed, &sql, (word, object))?
            .ok_or_else(|| Error::NotThere(format!("{deed}: it is not there any more")))?;
        let create = found.text.map_err(|unread| match unread {
            DefinitionUnread::Hidden => self.unfaithful(object, HIDDEN),
            DefinitionUnread::NoText => self.unfaithful(object, "its definition is no text"),
        })?;
        Ok(ShownObject { row: found.row, create })
    }

    fn unfaithful(&self, object: &str, problem: &str) -> Error {
        Error::Unfaithful { object: format!("{}.{object}", self.database), problem: problem.to_owned() }
    }

    fn entry(&self, kind: ObjectKind, object: &str, shown: &ShownObject) -> Result<ObjectEntry, Error> {
        let ShownObject { row, create } = shown;
        let rewritten = rewrite(kind, create, self.database, self.policy)
            .ok_or_else(|| self.unfaithful(object, "its definition is not of a known form"))?;
        let client = text_of(row, "character_set_client").unwrap_or_default();
        // Text that is not ASCII is written as UTF-8, so the server must read it as UTF-8.
        let as_it_is = create.is_ascii() || client.starts_with("utf8");
        let charset = if as_it_is { client.clone() } else { "utf8mb4".to_owned() };
        // No mode is stored for a view: the server writes its text for the mode of the reading session, which is empty.
        let mode = text_of(row, "sql_mode").unwrap_or_default();
        let mut settings = vec![format!("SET sql_mode = {}", literal(&portable_mode(&mode)))];
        if !charset.is_empty() {
            settings.push(format!("SET character_set_client = {charset}"));
        }
        if let Some(collation) =
            text_of(row, "collation_connection").filter(|collation| !collation.is_empty())
        {
            settings.push(format!("SET collation_connection = {collation}"));
        }
        Ok(ObjectEntry {
            kind,
            database: self.database.to_owned(),
            name: object.to_owned(),
            create: rewritten.create,
            session: settings,
            // Account names of production tell who works there, so the definer stays only with `[dump] definer = "keep"`.
            definer: rewritten.definer.filter(|_| self.policy == Definer::Keep),
            database_collation: text_of(row, "Database Collation").filter(|found| found != self.collation),
            client: (!as_it_is).then_some(client),
            ..ObjectEntry::default()
        })
    }
}

/// Returns the mode without NO_AUTO_CREATE_USER, which not every server knows and which has no effect on stored programs.
fn portable_mode(mode: &str) -> String {
    let kept: Vec<&str> = mode.split(',').filter(|word| *word != "NO_AUTO_CREATE_USER").collect();
    kept.join(",")
}

/// Databases of the server itself.
const OF_THE_SERVER: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];

/// Returns the first table or routine that a view names and that is not in the dump.
fn missing(create: &str, database: &str, outline: &Outline) -> Option<String> {
    let is_missing = |named: &Named| {
        let of = named.database.as_deref().unwrap_or(database);
        let is_there = outline.databases.iter().any(|entry| entry.name == of)
            || OF_THE_SERVER.iter().any(|own| own.eq_ignore_ascii_case(of));
        !is_there || outline.left_out.contains(&(of.to_owned(), named.name.clone()))
    };
    let missing = named_in(body(create), Mode::default()).into_iter().find(is_missing)?;
    Some(format!("{}.{}", missing.database.as_deref().unwrap_or(database), missing.name))
}

/// Returns the SELECT of a view: the text after its first AS.
fn body(create: &str) -> &str {
    let as_word = tokens(create).into_iter().find(|token| token.is_word(create, "AS"));
    as_word.map_or(create, |word| &create[word.place.end..])
}

/// Sorts views after the views whose names they mention.
fn in_order(mut views: Vec<ObjectEntry>) -> Vec<ObjectEntry> {
    let names: BTreeSet<String> = views.iter().map(|view| view.name.clone()).collect();
    let mut mentions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for view in &views {
        let mentioned = tokens(&view.create)
            .iter()
            .filter_map(|token| Some(token.name(&view.create)?.into_owned()))
            .collect::<BTreeSet<_>>();
        let others = mentioned.intersection(&names).filter(|other| **other != view.name).cloned();
        mentions.insert(view.name.clone(), others.collect());
    }
    let (mut ordered, mut done) = (Vec::new(), BTreeSet::new());
    while !views.is_empty() {
        // A column may have a view's name, so mentions may form a circle. Then any order will do: there are placeholders.
        let ready = views.iter().position(|view| mentions[&view.name].is_subset(&done)).unwrap_or(0);
        let view = views.remove(ready);
        done.insert(view.name.clone());
        ordered.push(view);
    }
    ordered
}
