//! Checks whether a statement of a migration would reach another database than the one that is being refreshed. This is only a
//! lint, for a clear message with the line before the statement runs: no check of text can find every case. The safeguard is that
//! the account that runs the statement has no rights elsewhere (`restore/loader`).
//!
//! In: the text of one statement, the databases of the server. Out: yes or no. The tokeniser tells names, strings and comments
//! apart. In doubt the worse is assumed: text in double quotes is a name, since a migration may set `ANSI_QUOTES`. For PREPARE
//! and EXECUTE IMMEDIATE the caller lets the server evaluate the text first and checks the result ([`prepared`]). Statements that
//! a routine prepares are not seen.

use std::borrow::Cow;

use super::target::SqlTarget;
use crate::sql::{Mode, Token, TokenKind, pieces, tokens, without_closing_marks};

/// Databases that a migration may read: they describe the server, and nothing can be created in them.
const ASKED: [&str; 2] = ["information_schema", "performance_schema"];

/// Words that the name of a table, view or routine follows; `is_table_place` has the exceptions.
pub(crate) const TABLE_FOLLOWS: [&str; 19] = [
    "FROM",
    "JOIN",
    "INTO",
    "UPDATE",
    "TABLE",
    "TABLES",
    "EXISTS",
    "REFERENCES",
    "VIEW",
    "PROCEDURE",
    "FUNCTION",
    "TRIGGER",
    "EVENT",
    "CALL",
    "TO",
    "RENAME",
    "STRAIGHT_JOIN",
    "TRUNCATE",
    // As in DELETE FROM x USING app.t AS x. In a join, USING is followed by a parenthesis and no name.
    "USING",
];

/// Functions whose arguments may hold the word FROM, which then begins no clause.
const FROM_INSIDE: [&str; 6] = ["EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID", "OVERLAY"];

/// The databases that a migration must not touch: all, including the live one, except the one that is being refreshed and those
/// of `ASKED`.
pub(crate) fn others(target: &SqlTarget<'_>) -> Vec<String> {
    let mut others = target.databases.to_vec();
    others.push(target.live.to_owned());
    let is = |name: &str, other: &String| other.eq_ignore_ascii_case(name);
    others.retain(|other| !is(target.database, other) && !ASKED.iter().any(|asked| is(asked, other)));
    others
}

/// True if a statement has a USE, creates, alters or drops a database, or names an object in one of `others`. (Callers skip a USE
/// of the migration's own database before.)
pub(crate) fn leaves(sql: &str, others: &[String]) -> bool {
    let parts = parts(sql);
    (0..parts.len())
        .any(|at| turns(&parts, at) || alters_database(&parts, at) || qualifies(&parts, at, others))
}

/// The database that a statement `USE app` names; `None` for any other statement.
pub(crate) fn turns_to(sql: &str) -> Option<Cow<'_, str>> {
    let tokens = tokens(sql);
    let [first, name] = &tokens[..] else { return None };
    if first.is_word(sql, "USE") { name.name(sql) } else { None }
}

/// True for `LOAD DATA LOCAL INFILE`, which would read a file of the host that dev-restore runs on.
pub(crate) fn wants_local_file(sql: &str) -> bool {
    let head: Vec<_> = pieces(sql, Mode::default()).filter(Token::is_code).take(4).collect();
    head.first().is_some_and(|token| token.is_word(sql, "LOAD"))
        && head.iter().any(|token| token.is_word(sql, "LOCAL"))
}

/// True if a SET may change `sql_mode`, and with it how the text that follows is read.
pub(crate) fn sets_mode(sql: &str) -> bool {
    let tokens = tokens(sql);
    tokens.first().is_some_and(|token| token.is_word(sql, "SET"))
        && tokens.iter().any(|token| token.is_word(sql, "sql_mode"))
}

/// True if a statement queries `information_schema` for a database of that name. Until the swap the name is that of the old
/// database, so the answer would be about the wrong one.
pub(crate) fn asks_for(sql: &str, database: &str) -> bool {
    if !sql.contains(database) {
        return false;
    }
    let tokens = tokens(sql);
    let is_text = |token: &Token| {
        token.kind == TokenKind::Text && token.text(sql).trim_matches(['\'', '"']) == database
    };
    tokens.iter().any(|token| token.is_word(sql, "information_schema")) && tokens.iter().any(is_text)
}

/// The warning about a statement for which `asks_for` is true.
pub(crate) fn wrong_question(target: &SqlTarget<'_>) -> String {
    format!(
        "this asks information_schema for {live}, the database in use, and not for what is being refreshed, which is {} until the \
         swap: DATABASE() instead of '{live}' asks for the right one",
        target.database,
        live = target.live
    )
}

/// The expression whose value `PREPARE … FROM` or `EXECUTE IMMEDIATE` runs as a statement.
pub(crate) fn prepared(sql: &str) -> Option<&str> {
    let tokens = tokens(sql);
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(sql, word));
    let begins = match () {
        () if is(0, "PREPARE") && is(2, "FROM") => 2,
        () if is(0, "EXECUTE") && is(1, "IMMEDIATE") => 1,
        () => return None,
    };
    let using = tokens.iter().rposition(|token| begins == 1 && token.is_word(sql, "USING"));
    // The whole text, with comments and version marks: the server then reads it exactly as in the statement itself.
    let end = using.map_or(sql.len(), |using| tokens[using].place.start);
    sql.get(tokens[begins].place.end..end).map(without_closing_marks)
}

/// A token, as far as this lint distinguishes tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LintToken<'a> {
    /// A word without quotes, or a number.
    Word(&'a str),
    /// A name that was in back-ticks or double quotes, without them.
    Quoted(Cow<'a, str>),
    /// One character that is neither of a word nor quoted.
    Sign(char),
    /// A string in single quotes.
    String,
}

impl LintToken<'_> {
    fn is(&self, word: &str) -> bool {
        matches!(self, LintToken::Word(raw) if raw.eq_ignore_ascii_case(word))
    }

    fn name(&self) -> Option<&str> {
        match self {
            LintToken::Word(raw) if raw.bytes().all(|byte| byte.is_ascii_digit()) => None,
            LintToken::Word(raw) => Some(raw),
            LintToken::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

fn parts(sql: &str) -> Vec<LintToken<'_>> {
    let mut parts = Vec::new();
    for token in tokens(sql) {
        match (token.kind, token.possible_name(sql)) {
            (TokenKind::Symbol(symbol), _) => parts.push(LintToken::Sign(char::from(symbol))),
            (TokenKind::Word, _) => words(token.text(sql), &mut parts),
            (_, Some(name)) => parts.push(LintToken::Quoted(name)),
            (_, None) => parts.push(LintToken::String),
        }
    }
    parts
}

/// Cuts a word at characters beyond ASCII that are no letters or digits: for the server they belong to the word, but a blank such
/// as U+00A0 must not hide a name from this lint.
fn words<'a>(text: &'a str, parts: &mut Vec<LintToken<'a>>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (found, after) = rest.split_at(if length > 0 { length } else { first.len_utf8() });
        match length {
            0 if first.is_whitespace() => {}
            0 => parts.push(LintToken::Sign(first)),
            _ => parts.push(LintToken::Word(found)),
        }
        rest = after;
    }
}

/// True for a USE at the beginning of a statement, which changes the database. USE INDEX is never at the beginning.
fn turns(parts: &[LintToken<'_>], at: usize) -> bool {
    parts[at].is("USE") && at.checked_sub(1).is_none_or(|before| parts[before] == LintToken::Sign(';'))
}

/// True if a CREATE, DROP or ALTER of a database (or SCHEMA) begins at `at`. `ALTER DATABASE CHARACTER SET …` without a name is
/// allowed: it is about the database in use.
fn alters_database(parts: &[LintToken<'_>], at: usize) -> bool {
    if !["CREATE", "DROP", "ALTER"].iter().any(|verb| parts[at].is(verb)) {
        return false;
    }
    let mut rest = parts[at + 1..].iter().skip_while(|part| part.is("OR") || part.is("REPLACE"));
    let object = rest.next();
    let in_use = |next: &LintToken<'_>| ["CHARACTER", "DEFAULT", "COLLATE"].iter().any(|word| next.is(word));
    object.is_some_and(|object| object.is("DATABASE") || object.is("SCHEMA"))
        && !(parts[at].is("ALTER") && rest.next().is_some_and(in_use))
}

/// True if the name at `at` is a database of `others` and a dot follows. It is taken for a table's name or alias
/// (`SELECT app.id FROM users app`) if the statement has it also without a dot and this is not the place of a table.
fn qualifies(parts: &[LintToken<'_>], at: usize, others: &[String]) -> bool {
    let dot = LintToken::Sign('.');
    let Some(name) = parts[at].name().filter(|_| parts.get(at + 1) == Some(&dot)) else { return false };
    let before = at.checked_sub(1).map(|before| &parts[before]);
    if before == Some(&dot)
        || before == Some(&LintToken::Sign('@'))
        || !others.iter().any(|other| other.eq_ignore_ascii_case(name))
    {
        return false;
    }
    let table_place = at > 0 && is_table_place(parts, at - 1);
    // NEW.x and OLD.x are columns of a trigger's row, even where a database is called `new`.
    let is_trigger = || parts.iter().take_while(|part| !part.is("ON")).any(|part| part.is("TRIGGER"));
    if !table_place && ["NEW", "OLD"].iter().any(|row| row.eq_ignore_ascii_case(name)) && is_trigger() {
        return false;
    }
    let three_parts = parts.get(at + 3) == Some(&dot);
    let stands_alone = |i: usize| {
        let follows_dot = i > 0 && parts[i - 1] == dot;
        parts[i].name() == Some(name) && !follows_dot && parts.get(i + 1) != Some(&dot)
    };
    table_place || three_parts || !(0..parts.len()).any(stands_alone)
}

/// True if a table's name follows the word at `at`. It does not after `ON DUPLICATE KEY UPDATE` and in `EXTRACT(YEAR FROM x)`.
fn is_table_place(parts: &[LintToken<'_>], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| &parts[at]);
    let is_key = parts[at].is("UPDATE") && before(1).is_some_and(|part| part.is("KEY"));
    TABLE_FOLLOWS.iter().any(|word| parts[at].is(word))
        && !is_key
        && !(parts[at].is("FROM") && is_argument(parts, at))
}

/// True if the FROM at `from` is inside the parentheses of a function of `FROM_INSIDE`.
fn is_argument(parts: &[LintToken<'_>], from: usize) -> bool {
    let mut depth = 0_usize;
    for at in (0..from).rev() {
        match &parts[at] {
            LintToken::Sign(')') => depth += 1,
            LintToken::Sign('(') if depth > 0 => depth -= 1,
            LintToken::Sign('(') => {
                let function = at.checked_sub(1).map(|before| &parts[before]);
                return function.is_some_and(|word| FROM_INSIDE.iter().any(|inside| word.is(inside)));
            }
            part if depth == 0 && part.is("SELECT") => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_prepared_is_an_expression() {
        assert_eq!(prepared("PREPARE s FROM @sql"), Some("@sql"));
        assert_eq!(prepared("prepare `s` from 'USE app'"), Some("'USE app'"));
        assert_eq!(prepared("/*!50112 PREPARE s FROM @sql */"), Some("@sql"));
        assert_eq!(prepared("EXECUTE IMMEDIATE CONCAT('USE ', @a) USING @b"), Some("CONCAT('USE ', @a)"));
        let marked = "/*!999999 'SELECT 1' # */ 'UPDATE app.t SET a=1'\n/*!999999 ' */ -- ' */ */";
        let asked = prepared(&format!("PREPARE s FROM {marked}")).map(str::to_owned);
        assert!(asked.is_some_and(|asked| asked.starts_with("/*!999999 'SELECT 1' # */ 'UPDATE")));
        assert_eq!(prepared("EXECUTE s"), None);
        assert_eq!(prepared("SELECT 'PREPARE s FROM @x'"), None);
    }

    #[test]
    fn a_migration_stays_in_the_database_that_is_being_refreshed() {
        let others = ["app".to_owned(), "other".to_owned()];
        for sql in [
            "USE app",
            "use `other`",
            "/*!40000 USE app */",
            "/* x */ USE app",
            "SELECT 1; USE other",
            "INSERT INTO `app`.`t` VALUES (1)",
            "UPDATE app . users SET a = 1",
            "ALTER TABLE OTHER.t ADD x INT",
            "CREATE TABLE /* x */ other/* y */.t (a INT)",
            "CREATE TABLE \"other\".t (a INT)",
            "RENAME TABLE t TO other.t",
            "SELECT other.f(1)",
            "GRANT ALL ON other.* TO u",
            "SELECT app.t.id FROM users app",
            "DELETE FROM app USING app.t AS app",
            "SELECT 1 FROM t app STRAIGHT_JOIN app.t",
            "DROP DATABASE app",
            "create or replace schema x",
            "/*!50000 DROP */ /*M!100100 SCHEMA */ x",
            "ALTER DATABASE app CHARACTER SET latin1",
        ] {
            assert!(leaves(sql, &others), "{sql}");
        }
        for sql in [
            "UPDATE users SET a = 1",
            "SELECT app.id FROM users app",
            "SELECT 'app.users', 'it''s app.t', \"app.t\", 'use' -- app.t",
            "SELECT t.app, x.id FROM t JOIN x USE INDEX (i)",
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS",
            "SELECT 1.5, @@app.x",
            "ALTER DATABASE CHARACTER SET utf8mb4",
            "ALTER TABLE t ADD `database` INT, DROP `schema`",
        ] {
            assert!(!leaves(sql, &others), "{sql}");
        }
    }

    #[test]
    fn columns_of_tables_that_are_called_like_a_database_stay_columns() {
        let others = ["users".to_owned(), "new".to_owned()];
        for sql in [
            "INSERT INTO users(id, name) VALUES (1, 'z') ON DUPLICATE KEY UPDATE users.name = VALUES(name)",
            "SELECT EXTRACT(YEAR FROM users.at), TRIM(BOTH 'x' FROM users.a) FROM users",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = new.b",
        ] {
            assert!(!leaves(sql, &others), "{sql}");
        }
        for sql in [
            "UPDATE users.x SET a = 1",
            "SELECT (SELECT a FROM users.x) FROM users",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW INSERT INTO new.x VALUES (1)",
            "SELECT NEW.a FROM t",
        ] {
            assert!(leaves(sql, &others), "{sql}");
        }
    }

    #[test]
    fn what_is_asked_of_the_live_database_is_seen() {
        let sql = "SET @n = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema='app')";
        assert!(asks_for(sql, "app") && !asks_for(sql, "ap"));
        assert!(!asks_for("SELECT 'app' FROM t", "app"));
        assert!(!asks_for(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() -- 'app'",
            "app"
        ));
        assert_eq!(turns_to("/*!40000 USE `app` */").as_deref(), Some("app"));
        assert_eq!((turns_to("USE a b"), turns_to("SELECT a")), (None, None));
        assert!(wants_local_file("load data /* x */ local infile 'x' into table t"));
        assert!(!wants_local_file("LOAD DATA INFILE 'local' INTO TABLE local"));
        assert!(sets_mode("SET SESSION sql_mode = ''") && !sets_mode("SELECT @@sql_mode"));
    }

    #[test]
    fn nothing_hides_behind_what_is_read_otherwise() {
        let others = ["app".to_owned(), "o`ther".to_owned()];
        for sql in [
            "SELECT 2*/* ' */3 FROM app.t",
            "SELECT 1 --\u{1}'\nFROM app.t",
            "SELECT * FROM `o``ther`.t",
            "SELECT * FROM \"app\" . \"t\"",
            "/*M!100100 USE app */",
            "SELECT * FROM\u{a0}app.t",
            "SELECT 'it''s \\' ' FROM app.t",
        ] {
            assert!(leaves(sql, &others), "{sql}");
        }
        for sql in ["SELECT 2*/* app.t */3", "SELECT 'it''s \\' FROM app.t'", "-- \nSELECT 1 # FROM app.t"] {
            assert!(!leaves(sql, &others), "{sql}");
        }
    }
}
