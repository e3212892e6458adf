//! Routines, views, triggers and events: read from the server, each with what it was created under.
//!
//! In: a connection and a database. Out: [`ObjectEntry`]s in an order in which they can be created: functions before
//! views that may call them, views after the views they read, triggers in the order in which they fire.

use std::collections::{BTreeMap, BTreeSet};

use ::mysql::Row;
use ::mysql::prelude::FromValue;

use super::rewrite::rewrite;
use super::schema::Outline;
use crate::archive::{ObjectEntry, ObjectKind};
use crate::claim::{self, EventBefore};
use crate::config::Definer;
use crate::dump::error::Error;
use crate::mysql::Session;
use crate::rows::{Column, columns_of};
use crate::sql::{Kind, Token, awake, is_awake, literal, name, qualified, tokens, with_definer};

/// Reads the objects of every database of the outline; what cannot be restored becomes a warning.
pub(crate) fn objects(
    session: &mut Session,
    outline: &mut Outline,
    policy: Definer,
) -> Result<Vec<ObjectEntry>, Error> {
    let mut all = Vec::new();
    for entry in outline.databases.clone() {
        let database = entry.name;
        // Names in the default database are shown without it.
        session.run(&format!("entering {database}"), &format!("USE {}", name(&database)))?;
        let reader = Reader { database: &database, collation: &entry.collation, policy };
        all.extend(reader.routines(session)?);
        all.extend(reader.views(session, outline)?);
        all.extend(reader.triggers(session, outline)?);
        all.extend(reader.events(session)?);
    }
    // Functions of any database before views of any other.
    all.sort_by_key(|object| object.kind);
    Ok(all)
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
            let row = self.show(session, &word, &routine)?;
            entries.push(self.entry(kind, &routine, &row, 2)?);
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
            let row = self.show(session, "TRIGGER", &trigger)?;
            let entry = self.entry(ObjectKind::Trigger, &trigger, &row, 2)?;
            entries.push(ObjectEntry { table: Some(table), ..entry });
        }
        Ok(entries)
    }

    fn events(&self, session: &mut Session) -> Result<Vec<ObjectEntry>, Error> {
        let sql = format!(
            "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} ORDER BY EVENT_NAME",
            literal(self.database)
        );
        let found: Vec<String> = session.rows(&format!("listing the events of {}", self.database), &sql)?;
        let before = claim::events_before(session, self.database)?;
        let mut entries = Vec::new();
        for event in found {
            let row = self.show(session, "EVENT", &event)?;
            let mut entry = self.entry(ObjectKind::Event, &event, &row, 3)?;
            if let Some(before) = before.get(&event).filter(|_| !is_awake(&entry.create)) {
                self.as_before(&mut entry, before);
            }
            if let Some(zone) = text(&row, "time_zone") {
                entry.session.push(format!("SET time_zone = {}", literal(&zone)));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// As production had it: on the copy it was disabled, which made its definer another one.
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
            if !session.attempt(&format!("SELECT 1 FROM {} LIMIT 0", qualified(self.database, &view))) {
                outline
                    .warnings
                    .push(format!("view {}.{view} is broken in the source: left out", self.database));
                continue;
            }
            let row = self.show(session, "VIEW", &view)?;
            let entry = self.entry(ObjectKind::View, &view, &row, 1)?;
            if let Some(missing) = left_out(&entry.create, self.database, outline) {
                let message = format!(
                    "view {}.{view} reads {missing}, which is not in the dump: left out",
                    self.database
                );
                outline.warnings.push(message);
                continue;
            }
            let names = columns.get(&view).into_iter().flatten().map(|column: &Column| column.name.clone());
            entries.push(ObjectEntry { columns: names.collect(), ..entry });
        }
        Ok(in_order(entries))
    }

    fn show(&self, session: &mut Session, word: &str, object: &str) -> Result<Row, Error> {
        let sql = format!("SHOW CREATE {word} {}", qualified(self.database, object));
        let deed = format!("reading {} {}.{object}", word.to_lowercase(), self.database);
        session
            .first(&deed, &sql)?
            .ok_or_else(|| Error::NotThere(format!("{deed}: it is not there any more")))
    }

    /// `statement` is the position of the CREATE statement in the row.
    fn entry(
        &self,
        kind: ObjectKind,
        object: &str,
        row: &Row,
        statement: usize,
    ) -> Result<ObjectEntry, Error> {
        let unfaithful = |problem: &str| Error::Unfaithful {
            object: format!("{}.{object}", self.database),
            problem: problem.to_owned(),
        };
        let create: Option<String> = at(row, statement);
        let create = create.ok_or_else(|| {
            unfaithful("this account may not read its body (it lacks SHOW_ROUTINE, or SELECT on mysql.proc)")
        })?;
        let rewritten = rewrite(kind, &create, self.database, self.policy)
            .ok_or_else(|| unfaithful("its definition is not of a known form"))?;
        let ascii = create.is_ascii();
        let charset = text(row, "character_set_client").unwrap_or_default();
        // Text that is not ASCII is written as UTF-8, so it must be read as that.
        let charset = if ascii || charset.starts_with("utf8") { charset } else { "utf8mb4".to_owned() };
        // A view has no mode: the server writes it out for the reading session's, which is the empty one.
        let mode = text(row, "sql_mode").unwrap_or_default();
        let mut settings = vec![format!("SET sql_mode = {}", literal(&portable_mode(&mode)))];
        if !charset.is_empty() {
            settings.push(format!("SET character_set_client = {charset}"));
        }
        if let Some(collation) = text(row, "collation_connection").filter(|collation| !collation.is_empty()) {
            settings.push(format!("SET collation_connection = {collation}"));
        }
        Ok(ObjectEntry {
            kind,
            database: self.database.to_owned(),
            name: object.to_owned(),
            create: rewritten.create,
            session: settings,
            // A name of an account of production says who works there; it stays only where it is asked for.
            definer: rewritten.definer.filter(|_| self.policy == Definer::Keep),
            database_collation: text(row, "Database Collation").filter(|found| found != self.collation),
            ..ObjectEntry::default()
        })
    }
}

/// A mode without what only one of the two servers knows and what has no effect on stored programs.
fn portable_mode(mode: &str) -> String {
    let kept: Vec<&str> = mode.split(',').filter(|word| *word != "NO_AUTO_CREATE_USER").collect();
    kept.join(",")
}

fn at<T: FromValue>(row: &Row, position: usize) -> Option<T> {
    row.get_opt::<T, usize>(position).and_then(Result::ok)
}

fn text(row: &Row, column: &str) -> Option<String> {
    let position = row.columns_ref().iter().position(|c| c.name_str().eq_ignore_ascii_case(column))?;
    at(row, position)
}

/// The first table that a view reads and that is not in the dump. In the server's own text a table stands alone or
/// behind its database, a column behind its table, an alias behind AS or a table.
fn left_out(create: &str, database: &str, outline: &Outline) -> Option<String> {
    if outline.left_out.is_empty() {
        return None;
    }
    let all = tokens(create);
    let quoted = |token: Option<&Token>| {
        token.filter(|t| t.kind == Kind::Name).and_then(|t| Some(t.name(create)?.into_owned()))
    };
    (0..all.len()).find_map(|i| {
        let before = i.checked_sub(1).and_then(|before| all.get(before));
        let after_as = before.is_some_and(|t| t.is_word(create, "AS") || t.is(b'.'));
        let first = quoted(all.get(i)).filter(|_| !after_as)?;
        let qualified_name = all.get(i + 1).is_some_and(|t| t.is(b'.'));
        let full =
            if qualified_name { (first, quoted(all.get(i + 2))?) } else { (database.to_owned(), first) };
        outline.left_out.contains(&full).then(|| format!("{}.{}", full.0, full.1))
    })
}

/// Views after the views whose names they mention.
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
        // A column may be named as a view is: then there may be a circle, and any order will do (there are placeholders).
        let ready = views.iter().position(|view| mentions[&view.name].is_subset(&done)).unwrap_or(0);
        let view = views.remove(ready);
        done.insert(view.name.clone());
        ordered.push(view);
    }
    ordered
}
