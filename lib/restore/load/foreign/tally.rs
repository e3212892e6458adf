//! Counts the rows that a file wrote, by table: from what the server says of each statement, not from its text.
//!
//! In: each statement that ran, and the number of rows that the server says it changed. Out: the number of rows that a table must
//! have in the end, where this can be known. Where it cannot (REPLACE, ON DUPLICATE KEY UPDATE, procedures, writes of triggers,
//! views and functions), the table is counted before and after the session ends instead, so that rows that were never committed
//! are noticed.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{BEFORE_TABLE, ForeignStatement};
use crate::sql::TokenKind;

/// A word of ON DUPLICATE KEY UPDATE, the clause that updates rows instead of inserting them.
const ON_DUPLICATE: &[u8] = b"DUPLICATE";

/// Counts the rows that a file wrote, by table.
#[derive(Debug, Default)]
pub(super) struct RowTally {
    rows: BTreeMap<String, u64>,
    /// All names in CREATE TRIGGER statements: the trigger may write to a table of such a name.
    filled: BTreeSet<String>,
    /// Names of views: a write to a view changes a table that the statement does not name.
    views: BTreeSet<String>,
    /// True if the file made functions, which may write.
    functions: bool,
    /// True if a trigger calls a procedure, which may write anywhere.
    anywhere: bool,
}

impl RowTally {
    /// Notes a statement that succeeded, and the number of rows that it changed.
    pub(super) fn note(&mut self, reading: &ForeignStatement<'_>, rows: u64) {
        let first =
            reading.code.first().map_or(String::new(), |token| token.text(&reading.text).to_uppercase());
        match first.as_str() {
            "INSERT" | "UPDATE" if self.functions => self.rows.clear(),
            "SET" if self.functions && reading.code.iter().any(|token| token.is(b'(')) => self.rows.clear(),
            "INSERT" => self.insert(reading, rows),
            "CREATE" => self.create(reading, rows),
            "TRUNCATE" => {
                self.set(reading.object(if reading.is(1, "TABLE") { 2 } else { 1 }), 0);
            }
            "DROP" if reading.is_any(1, &["TABLE", "TABLES"]) || reading.is(2, "TABLE") => {
                self.forget_named(reading);
            }
            // ALTERs with one of these words are assumed to keep the number of rows. After any other one it is not known.
            "ALTER" if reading.is(1, "TABLE") => {
                let keys = reading.object(2).is_some_and(|(_, next)| {
                    reading.is_any(next, &["DISABLE", "ENABLE", "ADD", "MODIFY", "COMMENT", "AUTO_INCREMENT"])
                });
                if !keys {
                    self.forget_named(reading);
                }
            }
            // ALTER IGNORE TABLE, which may remove rows, and its like.
            "ALTER" if (2..4).any(|at| reading.is(at, "TABLE")) => self.rows.clear(),
            "SET" | "USE" | "LOCK" | "UNLOCK" | "COMMIT" | "BEGIN" | "START" | "ALTER" | "DROP"
            | "UPDATE" | "ANALYZE" | "SHOW" | "DEALLOCATE" => {}
            _ => self.rows.clear(),
        }
    }

    fn insert(&mut self, reading: &ForeignStatement<'_>, rows: u64) {
        let table = (1..reading.code.len()).find(|at| !reading.is_any(*at, &BEFORE_TABLE));
        let Some((table, _)) = table.and_then(|at| reading.object(at)) else { return self.rows.clear() };
        if self.views.contains(&*table) {
            self.rows.clear();
        } else if says_duplicate(reading.sql) {
            self.rows.remove(&*table);
        } else if let Some(known) = self.rows.get_mut(&*table) {
            *known += rows;
        }
    }

    fn create(&mut self, reading: &ForeignStatement<'_>, rows: u64) {
        let Some((at, kind)) = reading.created() else { return };
        match kind.as_str() {
            "TABLE" => {
                if self.functions && reading.code.iter().any(|token| token.is_word(&*reading.text, "SELECT"))
                {
                    self.rows.clear();
                }
                let name = reading.behind_if(at + 1);
                let only_if_missing = name > at + 1;
                let Some((table, _)) = reading.object(name) else { return };
                // With IF NOT EXISTS, the table may have been there before, with rows.
                if only_if_missing {
                    self.rows.entry(table.into_owned()).or_insert(rows);
                } else {
                    self.rows.insert(table.into_owned(), rows);
                }
            }
            "TRIGGER" => {
                let body = &reading.code[at..];
                let names =
                    body.iter().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Name));
                self.filled.extend(names.filter_map(|token| Some(token.name(&reading.text)?.into_owned())));
                self.anywhere |= body.iter().any(|token| token.is_word(&*reading.text, "CALL"));
            }
            "VIEW" => {
                let view = reading.object(reading.behind_if(at + 1));
                self.views.extend(view.map(|(view, _)| view.into_owned()));
            }
            "FUNCTION" | "PACKAGE" => self.functions = true,
            _ => {}
        }
    }

    /// True if there are functions: they may write although a statement only reads.
    pub(super) fn has_functions(&self) -> bool {
        self.functions
    }

    fn set(&mut self, object: Option<(std::borrow::Cow<'_, str>, usize)>, rows: u64) {
        if let Some((table, _)) = object {
            self.rows.insert(table.into_owned(), rows);
        }
    }

    /// Forgets the number of rows of every table that a statement names.
    fn forget_named(&mut self, reading: &ForeignStatement<'_>) {
        for token in &reading.code {
            if let Some(name) = token.name(&reading.text) {
                self.rows.remove(&*name);
            }
        }
    }

    /// The number of rows that a table must have, if it is known.
    pub(super) fn expected(&self, table: &str) -> Option<u64> {
        let by_trigger =
            self.anywhere || self.filled.contains(table) || !self.filled.is_disjoint(&self.views);
        self.rows.get(table).copied().filter(|_| !by_trigger)
    }
}

/// True if the word stands anywhere, even within a value: then a count is missing, but none is wrong.
fn says_duplicate(sql: &[u8]) -> bool {
    let is = |at: usize| {
        sql.get(at..at + ON_DUPLICATE.len()).is_some_and(|word| word.eq_ignore_ascii_case(ON_DUPLICATE))
    };
    memchr::memchr2_iter(b'D', b'd', sql).any(is)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Mode;

    fn tally(statements: &[(&str, u64)]) -> RowTally {
        let mut tally = RowTally::default();
        for (sql, rows) in statements {
            tally.note(&ForeignStatement::of(sql.as_bytes(), Mode::default()), *rows);
        }
        tally
    }

    #[test]
    fn rows_are_what_the_server_says_it_wrote() {
        let known = tally(&[
            ("CREATE TABLE `t` (a int)", 0),
            ("INSERT INTO `t` VALUES (1),(2)", 2),
            ("INSERT IGNORE INTO t (a) VALUES (1),(3)", 1),
            ("/*!40000 ALTER TABLE `t` ENABLE KEYS */", 0),
            ("CREATE TABLE s AS SELECT 1", 1),
            ("CREATE TABLE IF NOT EXISTS s (a int)", 0),
            ("TRUNCATE TABLE u", 0),
        ]);
        assert_eq!(known.expected("t"), Some(3));
        assert_eq!((known.expected("s"), known.expected("u")), (Some(1), Some(0)));
    }

    #[test]
    fn what_cannot_be_known_is_not_claimed() {
        let made = ("CREATE TABLE t (a int)", 0);
        for (sql, rows) in [
            ("REPLACE INTO t VALUES (1)", 2),
            ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2", 2),
            ("DELETE FROM t", 1),
            ("CALL p()", 0),
            ("ROLLBACK", 0),
            ("DROP TABLE IF EXISTS t", 0),
            ("ALTER TABLE t RENAME TO u", 0),
        ] {
            assert_eq!(tally(&[made, (sql, rows)]).expected("t"), None, "{sql}");
        }
        let filled = tally(&[
            made,
            ("CREATE TABLE x (a int)", 0),
            ("CREATE TRIGGER tr AFTER INSERT ON x FOR EACH ROW INSERT INTO t VALUES (NEW.a)", 0),
            ("CREATE TABLE z (a int)", 0),
        ]);
        assert_eq!((filled.expected("t"), filled.expected("z")), (None, Some(0)));
    }

    #[test]
    fn rows_that_come_through_a_view_or_a_function_are_nobodys() {
        let made = ("CREATE TABLE t (a int)", 0);
        let view = ("CREATE OR REPLACE VIEW v AS SELECT a FROM t", 0);
        let function = ("CREATE FUNCTION f() RETURNS int BEGIN INSERT INTO t VALUES (1); RETURN 1; END", 0);
        let other = ("CREATE TABLE u (a int)", 0);
        let trigger = ("CREATE TRIGGER tr AFTER INSERT ON u FOR EACH ROW INSERT INTO v VALUES (1)", 0);
        for last in [
            &[view, ("INSERT INTO v VALUES (1)", 1)][..],
            &[function, ("INSERT INTO u VALUES (f())", 1)],
            &[function, ("SET @x = f()", 0)],
            &[view, other, trigger, ("INSERT INTO u VALUES (1)", 1)],
        ] {
            assert_eq!(tally(&[&[made], last].concat()).expected("t"), None, "{last:?}");
        }
        // As mysqldump writes them: behind the rows.
        let usual = [made, ("INSERT INTO t VALUES (1)", 1), function, view, ("SET @x = @y", 0)];
        assert_eq!(tally(&usual).expected("t"), Some(1));
    }
}
