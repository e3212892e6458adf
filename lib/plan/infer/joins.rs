//! Which columns the application's own queries join: evidence for relations that no name tells of.
//!
//! In: digests of statements, as `performance_schema.events_statements_summary_by_digest` has them, the bodies of views, routines and
//! triggers, and statements that somebody saved. Out: pairs of columns that are compared, and in how many statements. Where the server
//! keeps no digests, or this user may not see them, nothing: they are never needed.

use std::collections::BTreeMap;

use super::statements::SeenStatement;
use crate::catalog::{self, Catalog, Table};
use crate::mysql::Session;
use crate::plan::rules::edge::Place;
use crate::sql::{Token, TokenKind, literal, name, tokens};

/// So many digests are looked at, the most frequent first.
const DIGESTS_MAX: u32 = 10_000;

/// How many statements compare two columns, whichever stands first.
#[derive(Debug, Default)]
pub(crate) struct Joins(BTreeMap<(Place, Place), u64>);

impl Joins {
    /// Asks the server, and takes what was saved elsewhere.
    pub(crate) fn read(session: &mut Session, catalog: &Catalog, saved: &[SeenStatement]) -> Self {
        let mut databases: Vec<&str> = catalog.tables.iter().map(|table| table.database.as_str()).collect();
        databases.dedup();
        let list: Vec<String> = databases.iter().map(|&name| literal(name)).collect();
        let sql = format!(
            "SELECT SCHEMA_NAME, DIGEST_TEXT FROM performance_schema.events_statements_summary_by_digest \
             WHERE SCHEMA_NAME IN ({}) AND DIGEST_TEXT LIKE '%=%.%' AND DIGEST_TEXT NOT LIKE 'EXPLAIN%' \
             ORDER BY COUNT_STAR DESC LIMIT {DIGESTS_MAX}",
            if list.is_empty() { "NULL".to_owned() } else { list.join(", ") }
        );
        let digests: Vec<(String, String)> =
            session.rows("reading digests of statements", &sql).unwrap_or_default();
        let mut joins = Self::default();
        for (database, text) in &digests {
            joins.add(catalog, database, text);
        }
        databases.sort_unstable();
        databases.dedup();
        let names: Vec<String> = databases.iter().map(|&name| name.to_owned()).collect();
        for (database, text) in catalog::bodies(session, &names) {
            joins.add(catalog, &database, &text);
        }
        for (database, text) in saved {
            match database {
                Some(database) => joins.add(catalog, database, text),
                None => databases.iter().for_each(|database| joins.add(catalog, database, text)),
            }
        }
        joins
    }

    fn add(&mut self, catalog: &Catalog, database: &str, text: &str) {
        // Views name the database before every column.
        let text = &text.replace(&format!("{}.", name(database)), "");
        let digest = Digest::of(text);
        let tables = digest.aliases(catalog, database);
        let mut found: Vec<(Place, Place)> = Vec::new();
        for at in 0..digest.tokens.len() {
            // `a.b = c.d`
            if !digest.is(at + 3, b'=') {
                continue;
            }
            let place = |at: usize| {
                let (table, column) = digest.column(at)?;
                let table = *tables.get(&table)?;
                catalog.tables[table].column(&column)?;
                Some((table, column))
            };
            if let (Some(one), Some(other)) = (place(at), place(at + 4)) {
                let pair = if one < other { (one, other) } else { (other, one) };
                if pair.0 != pair.1 && !found.contains(&pair) {
                    found.push(pair);
                }
            }
        }
        for pair in found {
            *self.0.entry(pair).or_default() += 1;
        }
    }

    /// In how many statements the two are compared.
    pub(crate) fn between(&self, child: (usize, &str), parent: (usize, &str)) -> u64 {
        let place = |(table, column): (usize, &str)| (table, column.to_lowercase());
        let (one, other) = (place(child), place(parent));
        let pair = if one < other { (one, other) } else { (other, one) };
        self.0.get(&pair).copied().unwrap_or_default()
    }

    /// Unique columns that this one is compared with, the most often first.
    pub(crate) fn parents(&self, catalog: &Catalog, child: usize, column: &str) -> Vec<(usize, String)> {
        let column = (child, column.to_lowercase());
        let mut found: Vec<(u64, &Place)> = self
            .0
            .iter()
            .filter_map(|((one, other), times)| match () {
                () if *one == column => Some((*times, other)),
                () if *other == column => Some((*times, one)),
                () => None,
            })
            .filter(|(_, (table, name))| is_key(&catalog.tables[*table], name))
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let place = |(table, name): &Place| Some((*table, catalog.tables[*table].column(name)?.name.clone()));
        found.into_iter().filter_map(|(_, found)| place(found)).collect()
    }
}

/// Whether a value of the column is one row's alone: unique, or numbered by the server.
fn is_key(table: &Table, column: &str) -> bool {
    table.unique(&[column.to_owned()]) || table.column(column).is_some_and(|column| column.auto_increment)
}

/// Words that stand behind a table and are no name that it is given.
const BEHIND_TABLES: &[&str] = &[
    "ON",
    "USING",
    "WHERE",
    "SET",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "CROSS",
    "NATURAL",
    "STRAIGHT_JOIN",
    "ORDER",
    "GROUP",
    "HAVING",
    "LIMIT",
    "UNION",
    "FOR",
    "FORCE",
    "USE",
    "IGNORE",
    "PARTITION",
    "WINDOW",
    "LOCK",
    "OUTER",
    "EXCEPT",
    "INTERSECT",
];

/// A table by names in lower case; most are written so.
fn place_of(catalog: &Catalog, database: &str, table: &str) -> Option<usize> {
    catalog.find(database, table).or_else(|| {
        catalog
            .tables
            .iter()
            .position(|t| t.database.eq_ignore_ascii_case(database) && t.name.eq_ignore_ascii_case(table))
    })
}

/// A digest and its tokens.
struct Digest<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Digest<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, tokens: tokens(text) }
    }

    /// The name at a place, in lower case.
    fn name(&self, at: usize) -> Option<String> {
        Some(self.tokens.get(at)?.name(self.text)?.to_lowercase())
    }

    fn is(&self, at: usize, symbol: u8) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(symbol))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_word(self.text, word))
    }

    /// `a.b` at a place.
    fn column(&self, at: usize) -> Option<(String, String)> {
        let column = (self.name(at)?, self.name(at + 2)?);
        self.is(at + 1, b'.').then_some(column)
    }

    /// Whether a table stands at a place: behind FROM, JOIN, UPDATE or a comma, and whatever parentheses views have there.
    fn expects_table(&self, at: usize) -> bool {
        let mut before = at - 1;
        while before > 0 && self.is(before, b'(') {
            before -= 1;
        }
        let word = ["FROM", "JOIN", "UPDATE"].iter().any(|word| self.is_word(before, word));
        word || self.is(at - 1, b',')
    }

    /// What `FROM a`, `JOIN b AS c` and `, d e` call their tables. A name that means two tables means none.
    fn aliases(&self, catalog: &Catalog, database: &str) -> BTreeMap<String, usize> {
        let mut found: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for at in (1..self.tokens.len()).filter(|at| self.expects_table(*at)) {
            let ((schema, table), next) = match (self.column(at), self.name(at)) {
                (Some(qualified), _) => (qualified, at + 3),
                (None, Some(table)) => ((database.to_owned(), table), at + 1),
                (None, None) => continue,
            };
            let Some(place) = place_of(catalog, &schema, &table) else { continue };
            let quoted = self.tokens.get(next).is_some_and(|token| match token.kind {
                TokenKind::Name => true,
                TokenKind::Word => !BEHIND_TABLES.iter().any(|word| token.is_word(self.text, word)),
                _ => false,
            });
            let alias = match () {
                () if self.is_word(next, "AS") => self.name(next + 1),
                () if quoted => self.name(next),
                () => None,
            };
            found
                .entry(alias.unwrap_or(table))
                .and_modify(|before| *before = before.filter(|before| *before == place))
                .or_insert(Some(place));
        }
        found.into_iter().filter_map(|(name, place)| Some((name, place?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Column, Table};

    fn catalog() -> Catalog {
        let table = |name: &str, columns: &[&str]| Table {
            database: "app".to_owned(),
            name: name.to_owned(),
            columns: columns
                .iter()
                .map(|name| Column { name: (*name).to_owned(), ..Column::default() })
                .collect(),
            ..Table::default()
        };
        Catalog {
            tables: vec![table("deals", &["id", "desk"]), table("offices", &["id"]), table("o`1", &["i`d"])],
        }
    }

    fn joined(text: &str) -> u64 {
        let mut joins = Joins::default();
        joins.add(&catalog(), "app", text);
        joins.between((0, "desk"), (1, "id"))
    }

    #[test]
    fn columns_that_statements_compare_are_found_behind_any_alias() {
        for text in [
            "SELECT * FROM `deals` `d` JOIN `offices` AS `o` ON `o` . `id` = `d` . `desk` WHERE `d` . `id` = ?",
            "SELECT * FROM `app` . `deals` , `offices` WHERE `deals` . `desk` = `offices` . `id`",
            "SELECT `d`.`id` FROM `deals` AS `d` LEFT JOIN `app`.`offices` ON ( `d`.`desk`=`offices`.`id` )",
            "select d.id from deals d inner join offices on d.desk = offices.id where d.id = 7",
            "select `app`.`deals`.`id` AS `id` from (`app`.`deals` join `app`.`offices` on(`app`.`deals`.`desk` = `app`.`offices`.`id`))",
        ] {
            assert_eq!(joined(text), 1, "{text}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_compared_with_something_else_says_nothing() {
        for text in [
            "SELECT * FROM `deals` `x` WHERE EXISTS ( SELECT ? FROM `offices` `x` WHERE `x` . `id` = `x` . `desk` )",
            "SELECT * FROM `deals` WHERE `desk` = ?",
            "SELECT * FROM `deals` `d` JOIN `other` `o` ON `o` . `id` = `d` . `desk`",
            "",
        ] {
            assert_eq!(joined(text), 0, "{text}");
        }
    }

    #[test]
    fn a_back_tick_in_a_name_is_no_end_of_it() {
        let mut joins = Joins::default();
        joins.add(
            &catalog(),
            "app",
            "SELECT * FROM `deals` JOIN `o``1` `x` ON `x` . `i``d` = `deals` . `desk`",
        );
        assert_eq!(joins.between((0, "desk"), (2, "i`d")), 1);
    }
}
