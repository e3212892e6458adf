//! Finds the names with which a file qualifies its own database: `prod.t`, where prod is the database that the file was made
//! from, or the target's.
//!
//! In: a statement. Out: the places of `prod.`, to be taken away: the database that is loaded has another name, and unqualified
//! names are in it. The place of `a.b` in the statement tells whether `a` is a database or a table. Where it can be both, it is a
//! table or an alias: `prod.id` is a column.
//!
//! ```text
//! a.b.c               a is always a database
//! a.b(                a routine of a database, or a table and its columns
//! FROM a.b, c.d       a database: behind words that a table's or an object's name follows, and in lists behind them
//! anything else       a column
//! ```

use std::ops::Range;

use super::reading::ForeignStatement;
use crate::migrate::TABLE_FOLLOWS;

/// Words that the name of an object follows, never that of a column; in addition to [`TABLE_FOLLOWS`].
const OBJECT_FOLLOWS: [&str; 12] = [
    "SEQUENCE",
    "INSERT",
    "REPLACE",
    "DELETE",
    "IGNORE",
    "DELAYED",
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "PACKAGE",
    "BODY",
    "DESCRIBE",
    "QUICK",
];

/// Words that end a list of tables: another list or an expression begins.
const LIST_ENDS: [&str; 24] = [
    "SELECT", "SET", "WHERE", "ON", "USING", "BY", "HAVING", "VALUES", "VALUE", "LIMIT", "AS", "AND", "OR",
    "NOT", "IN", "LIKE", "BETWEEN", "IS", "WHEN", "THEN", "ELSE", "CASE", "RETURN", "KEY",
];

/// Functions within whose parentheses FROM does not begin a clause.
const FROM_INSIDE: [&str; 7] = ["EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID", "POSITION", "OVERLAY"];

/// Finds the places of `database.` before names, for the databases that `is_own` accepts.
pub(super) fn own_qualifiers(
    reading: &ForeignStatement<'_>,
    is_own: impl Fn(&str) -> bool,
) -> Vec<Range<usize>> {
    let code = &reading.code;
    let qualifies = |at: usize| {
        reading.is_symbol(at + 1, b'.')
            && !(at > 0 && (reading.is_symbol(at - 1, b'.') || reading.is_symbol(at - 1, b'@')))
            && reading.name(at + 2).is_some()
            && reading.name(at).is_some_and(|name| is_own(&name))
            && is_database(reading, at)
    };
    (0..code.len())
        .filter(|at| qualifies(*at))
        .map(|at| code[at].place.start..code[at + 2].place.start)
        .collect()
}

/// True if the first of the names at `at` is a database.
fn is_database(reading: &ForeignStatement<'_>, at: usize) -> bool {
    // A name of three parts, or a routine with its arguments.
    reading.is_symbol(at + 3, b'.') || reading.is_symbol(at + 3, b'(') || stands_for_object(reading, at)
}

/// True if the words before `at` make it the name of a table or of another object.
fn stands_for_object(reading: &ForeignStatement<'_>, at: usize) -> bool {
    let Some(mut before) = at.checked_sub(1) else { return false };
    // Parentheses before a name are skipped: FROM (a.b JOIN c.d)
    while reading.is_symbol(before, b'(') && before > 0 {
        before -= 1;
    }
    let parenthesised = before + 1 < at;
    match () {
        () if reading.is_symbol(before, b',') => list_of_objects(reading, before),
        () if parenthesised && reading.is_any(before, &["NEXTVAL", "LASTVAL", "SETVAL"]) => true,
        () if parenthesised => joins(reading, before),
        () if follows(reading, before) => true,
        () if reading.is(before, "ON") => is_index_or_trigger(reading, before),
        // CREATE TABLE a LIKE b, CREATE TABLE a (LIKE b)
        () if reading.is(before, "LIKE") => reading.created().is_some_and(|(_, kind)| kind == "TABLE"),
        // NEXT VALUE FOR a.b
        () if reading.is(before, "FOR") => before > 0 && reading.is(before - 1, "VALUE"),
        () => false,
    }
}

/// True if parentheses behind the word at `at` hold tables, not a function's arguments: `FROM (a, b)`.
fn joins(reading: &ForeignStatement<'_>, at: usize) -> bool {
    reading.is_any(at, &["FROM", "JOIN", "STRAIGHT_JOIN"]) && follows(reading, at)
}

/// True if an object's name follows the word at `at` in this place.
fn follows(reading: &ForeignStatement<'_>, at: usize) -> bool {
    let before = |word: &str| at > 0 && reading.is(at - 1, word);
    (reading.is_any(at, &TABLE_FOLLOWS) || reading.is_any(at, &OBJECT_FOLLOWS))
        && !(reading.is(at, "UPDATE") && before("KEY"))
        && !(reading.is(at, "FROM") && inside_function(reading, at))
        // `IS DISTINCT FROM` is a comparison.
        && !(reading.is(at, "FROM") && before("DISTINCT"))
        && !(at > 0 && reading.is_symbol(at - 1, b'.'))
}

/// True if a FROM is within a function, such as `EXTRACT(YEAR FROM x)`.
fn inside_function(reading: &ForeignStatement<'_>, from: usize) -> bool {
    let mut depth = 0_usize;
    for at in (0..from).rev() {
        match () {
            () if reading.is_symbol(at, b')') => depth += 1,
            () if reading.is_symbol(at, b'(') && depth > 0 => depth -= 1,
            () if reading.is_symbol(at, b'(') => return at > 0 && reading.is_any(at - 1, &FROM_INSIDE),
            () if depth == 0 && reading.is(at, "SELECT") => return false,
            () => {}
        }
    }
    false
}

/// True for the ON of `CREATE INDEX i ON t` and `CREATE TRIGGER tr BEFORE INSERT ON t`. Any other ON begins a condition.
fn is_index_or_trigger(reading: &ForeignStatement<'_>, on: usize) -> bool {
    let event = on > 0 && reading.is_any(on - 1, &["INSERT", "UPDATE", "DELETE"]);
    let first = !(0..on).any(|at| reading.is(at, "ON"));
    event || first && (reading.is(1, "INDEX") || reading.created().is_some_and(|(_, kind)| kind == "INDEX"))
}

/// True if the comma is in a list of tables.
fn list_of_objects(reading: &ForeignStatement<'_>, comma: usize) -> bool {
    let mut depth = 0_usize;
    for at in (0..comma).rev() {
        match () {
            () if reading.is_symbol(at, b')') => depth += 1,
            () if reading.is_symbol(at, b'(') && depth > 0 => depth -= 1,
            // A list within parentheses is one of tables only behind FROM, JOIN or STRAIGHT_JOIN.
            () if reading.is_symbol(at, b'(') => {
                return at > 0 && joins(reading, at - 1);
            }
            () if depth > 0 => {}
            () if reading.is_symbol(at, b';') => return false,
            () if follows(reading, at) => return true,
            // A join's condition does not end the list: FROM a JOIN b ON a.x = b.y, c
            () if reading.is_any(at, &["ON", "USING", "AS", "AND", "OR"]) => {}
            () if reading.is_any(at, &LIST_ENDS) => return false,
            () => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Mode;

    fn unqualified(sql: &str) -> String {
        let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
        let places = own_qualifiers(&reading, |name| name == "p" || name == "other p");
        let edits = places.into_iter().map(|place| (place, (&b""[..]).into())).collect();
        String::from_utf8(reading.spliced(edits).into_owned()).unwrap()
    }

    #[test]
    fn own_databases_are_taken_away_wherever_an_object_is_named() {
        for sql in [
            "CREATE TABLE IF NOT EXISTS `p`.`t` (a int, CONSTRAINT c FOREIGN KEY (a) REFERENCES p.u (a))",
            "DROP TABLE IF EXISTS p.t, `p` . `u`",
            "INSERT INTO p.t (a) VALUES ('p.t')",
            "REPLACE p.t SELECT p.u.a FROM p.u, p.w JOIN p.x ON u.a = p.x.a, p.y WHERE p.u.a IN (SELECT a FROM p.z)",
            "SELECT * FROM (p.a JOIN (p.b, p.c) ON (p.a.x = p.b.x))",
            "CREATE TRIGGER p.tr BEFORE INSERT ON p.t FOR EACH ROW INSERT INTO p.log VALUES (p.f(NEW.a))",
            "CREATE INDEX i ON p.t (a)",
            "CREATE TABLE p.a LIKE p.b",
            "ALTER TABLE p.a RENAME TO p.b",
            "RENAME TABLE p.a TO p.b, p.c TO p.d",
            "LOCK TABLES p.a WRITE, p.b READ",
            "UPDATE p.a, p.b SET p.a.x = 1",
            "DELETE p.a FROM p.a JOIN p.b ON 1",
            "DELETE FROM x USING p.t AS x, p.u WHERE 1",
            "CALL p.q()",
            "SELECT NEXT VALUE FOR p.s, nextval(p.s)",
            "CREATE /*!50001 VIEW `p`.`v` AS SELECT `p`.`t`.`a` FROM `p`.`t` */",
            "INSERT INTO `other p`.t SELECT 1",
            "TRUNCATE p.t",
            "/*!40000 ALTER TABLE `p`.`t` DISABLE KEYS */",
        ] {
            let wanted = sql.replace("`p` . ", "").replace("`other p`.", "").replace("`p`.", "");
            let wanted: String =
                wanted.replace("'p.t'", "'p~t'").split("p.").collect::<String>().replace("p~t", "p.t");
            assert_eq!(unqualified(sql), wanted, "{sql}");
        }
    }

    #[test]
    fn columns_of_a_table_or_an_alias_of_that_name_stay() {
        for sql in [
            "SELECT p.id, p.x + 1 FROM t AS p, u WHERE p.a = 1 ORDER BY p.b, p.c",
            "INSERT INTO t SELECT 1 FROM u p ON DUPLICATE KEY UPDATE p.a = 1, p.b = 2",
            "SELECT EXTRACT(YEAR FROM p.at), TRIM(BOTH 'x' FROM p.a) FROM t p",
            "SELECT a FROM t p JOIN u ON p.id = u.id AND p.x = u.x",
            "SELECT CONVERT(p.a USING utf8), p.b FROM t p JOIN u USING (id)",
            "SELECT @p.a, q.p.a, a IN (p.x, p.y), COALESCE(p.a, p.b) FROM t p",
            "SELECT REPLACE(p.a, p.b, 1), TRUNCATE(p.a, 2), INSERT(p.a, 1, 2, p.b) FROM t p",
            "UPDATE t p SET p.a = 1, p.b = p.c WHERE p.d = 1 GROUP BY p.e, p.f",
            "SELECT 'p.t' AS `p.t` /* FROM p.t */ -- FROM p.t\n",
            "SELECT CASE WHEN p.a THEN p.b ELSE p.c END FROM t p HAVING p.a IS DISTINCT FROM p.b",
        ] {
            assert_eq!(unqualified(sql), sql);
        }
    }
}
