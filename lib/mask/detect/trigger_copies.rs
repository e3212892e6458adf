//! Triggers that copy masked columns into other tables: what they wrote in production is in those tables, clear.
//!
//! In: the triggers of the databases, the masks. Out: warnings that name the trigger and where to look. Views need none:
//! they hold no rows and read masked ones.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Family, Table};
use crate::mask::masks::Masks;
use crate::mysql::{Error, Session};
use crate::sql::{Mode, Token, literal, pieces, qualified};

type TriggerRow = (String, String, String, String);

/// Warnings for `tables`, those whose rows come along: one query.
pub fn copies(
    session: &mut Session,
    catalog: &Catalog,
    masks: &Masks,
    tables: &[usize],
) -> Result<Vec<String>, Error> {
    let databases: BTreeSet<String> = catalog.tables.iter().map(|table| literal(&table.database)).collect();
    if databases.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<String> = databases.into_iter().collect();
    let sql = format!(
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, SQL_MODE \
         FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({}) ORDER BY 1, 2, 3",
        list.join(", ")
    );
    let triggers: Vec<TriggerRow> = session.rows("looking at triggers", &sql)?;
    let mut warnings = Vec::new();
    for (database, table, name, mode) in triggers {
        let Some(from) = catalog.find(&database, &table) else { continue };
        if masked(catalog, masks, from).next().is_none() {
            continue;
        }
        let mode = Mode::of(&mode);
        let words = words(&statement(session, &database, &name)?, mode);
        let copied: Vec<&str> = masked(catalog, masks, from).filter(|column| reads(&words, column)).collect();
        for at in tables.iter().filter(|at| **at != from && writes(&words, &catalog.tables[**at])) {
            if let (false, Some(clear)) = (copied.is_empty(), clear(catalog, masks, *at)) {
                warnings.push(format!(
                    "trigger {name} reads {table}.{}, which is masked, and writes to {}: is {clear} a copy of it?",
                    copied.join(", "),
                    catalog.tables[*at].label()
                ));
            }
        }
    }
    Ok(warnings)
}

/// What created the trigger, as it was written (in `information_schema` MySQL has texts without their escapes, which is other SQL); nothing
/// of one that is gone by now.
fn statement(session: &mut Session, database: &str, trigger: &str) -> Result<String, Error> {
    let sql = format!("SHOW CREATE TRIGGER {}", qualified(database, trigger));
    let deed = format!("reading the trigger {database}.{trigger}");
    let found = session.definition(&deed, &sql, ("TRIGGER", trigger))?;
    Ok(found.and_then(|found| found.text.ok()).unwrap_or_default())
}

fn masked<'a>(catalog: &'a Catalog, masks: &'a Masks, at: usize) -> impl Iterator<Item = &'a str> {
    catalog.tables[at]
        .columns
        .iter()
        .map(|c| c.name.as_str())
        .filter(move |name| masks.of(at, name).is_some())
}

/// Text columns that `[mask]` says nothing of.
fn clear(catalog: &Catalog, masks: &Masks, at: usize) -> Option<String> {
    let open: Vec<&str> = catalog.tables[at]
        .columns
        .iter()
        .filter(|c| matches!(c.family(), Family::Text | Family::Json | Family::Binary) && !c.generated)
        .map(|c| c.name.as_str())
        .filter(|name| masks.declared(at, name).is_none())
        .collect();
    (!open.is_empty()).then(|| open.join(" or "))
}

/// Names and words of the code, lower case, without quotes.
fn words(sql: &str, mode: Mode) -> Vec<String> {
    let code = pieces(sql, mode).filter(Token::is_code);
    code.filter_map(|token| Some(token.possible_name(sql)?.to_lowercase())).collect()
}

/// Whether a trigger's words read the column: `NEW.email`, `OLD.email`.
fn reads(words: &[String], column: &str) -> bool {
    let column = column.to_lowercase();
    words.windows(2).any(|pair| matches!(pair[0].as_str(), "new" | "old") && pair[1] == column)
}

/// `INSERT INTO audit`, `UPDATE app.audit`.
fn writes(words: &[String], table: &Table) -> bool {
    let verbs = ["into", "update", "replace", "ignore"];
    let (database, name) = (table.database.to_lowercase(), table.name.to_lowercase());
    words.iter().enumerate().any(|(at, word)| {
        let before = |steps: usize| at.checked_sub(steps).and_then(|at| words.get(at)).map(String::as_str);
        let bare = before(1).is_some_and(|word| verbs.contains(&word));
        let qualified = before(1) == Some(&database) && before(2).is_some_and(|word| verbs.contains(&word));
        *word == name && (bare || qualified)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_read_word_by_word() {
        let table = Table { database: "app".to_owned(), name: "audit".to_owned(), ..Table::default() };
        let writing =
            words("BEGIN INSERT INTO `app`.`audit` (what) VALUES (NEW.`Email`); END", Mode::default());
        assert!(writes(&writing, &table) && reads(&writing, "email") && !reads(&writing, "what"));
        let reading = words("SET NEW.email = (SELECT what FROM audit WHERE id = NEW.id)", Mode::default());
        assert!(!writes(&reading, &table) && reads(&reading, "id"));
    }

    #[test]
    fn names_are_read_whole_and_comments_and_texts_not_at_all() {
        let table = Table { database: "app".to_owned(), name: "sent-mails".to_owned(), ..Table::default() };
        let writing = words("/*M!100100 INSERT INTO */ `sent-mails` VALUES (NEW.`e-mail`)", Mode::default());
        assert!(writes(&writing, &table) && reads(&writing, "e-mail"));
        let quoted = words("INSERT INTO \"app\".\"sent-mails\" VALUES (NEW.\"e-mail\")", Mode::default());
        assert!(writes(&quoted, &table) && reads(&quoted, "e-mail"));
        let audit = Table { name: "audit".to_owned(), ..table };
        let others = words(
            "/* INSERT INTO audit */ SET @a = 'INTO audit, NEW.email' -- UPDATE audit",
            Mode::default(),
        );
        assert!(!writes(&others, &audit) && !reads(&others, "email"));
    }

    #[test]
    fn a_trigger_is_read_in_the_mode_that_it_was_made_in() {
        let body = "BEGIN SET @p = '\\'; INSERT INTO audit VALUES (NEW.email); END";
        let table = Table { database: "app".to_owned(), name: "audit".to_owned(), ..Table::default() };
        let found = words(body, Mode::of("NO_BACKSLASH_ESCAPES"));
        assert!(writes(&found, &table) && reads(&found, "email"), "{found:?}");
    }
}
