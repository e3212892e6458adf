//! Whether a statement of a migration would reach another database than the one that is being refreshed.
//!
//! In: the text of one statement, the databases of the server. Out: yes or no. The text is cut into names, strings and
//! comments; the inside of `/*! … */` is code. What is put together at run time is asked for before it is prepared
//! ([`prepared`]); what a routine prepares is not seen.

use super::error::Error;
use super::target::SqlTarget;
use crate::mysql::Session;

/// Databases that a migration may ask about the server; nothing can be made in them.
const ASKED: [&str; 2] = ["information_schema", "performance_schema"];

/// Words that a table's, view's or routine's name follows, and never a column's.
const TABLE_FOLLOWS: [&str; 16] = [
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
];

/// The databases that a migration must not touch: all but the one that is being refreshed.
pub(crate) fn others(session: &mut Session, target: &SqlTarget<'_>) -> Result<Vec<String>, Error> {
    let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA";
    let mut others: Vec<String> = session.rows("listing the databases", sql)?;
    others.push(target.live.to_owned());
    let is = |name: &str, other: &String| other.eq_ignore_ascii_case(name);
    others.retain(|other| !is(target.database, other) && !ASKED.iter().any(|asked| is(asked, other)));
    Ok(others)
}

/// Whether a statement turns to another database, makes, alters or drops one, or names something of `others`.
pub(crate) fn leaves(sql: &str, others: &[String]) -> bool {
    let tokens = scan(sql);
    (0..tokens.len())
        .any(|at| turns(&tokens, at) || alters_database(&tokens, at) || qualifies(&tokens, at, others))
}

/// The expression whose value `PREPARE … FROM` or `EXECUTE IMMEDIATE` takes for a statement.
pub(crate) fn prepared(sql: &str) -> Option<&str> {
    let tokens = scan(sql);
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token: &Token<'_>| token.is(word));
    let begins = match () {
        () if is(0, "PREPARE") && is(2, "FROM") => 2,
        () if is(0, "EXECUTE") && is(1, "IMMEDIATE") => 1,
        () => return None,
    };
    let offset = |token: &Token<'_>| match token {
        Token::Word(word) => Some(word.as_ptr() as usize - sql.as_ptr() as usize),
        _ => None,
    };
    let word = &tokens[begins];
    let start = offset(word)? + if begins == 2 { "FROM".len() } else { "IMMEDIATE".len() };
    let using = tokens.iter().rfind(|token| begins == 1 && token.is("USING")).and_then(offset);
    let text = sql[start..using.unwrap_or(sql.len())].trim();
    Some(text.trim_end_matches("*/").trim())
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// A bare word, or number.
    Word(&'a str),
    /// A name in back-ticks, or in double quotes as `ANSI_QUOTES` has it; unquoted.
    Quoted(String),
    /// One character of anything else but white space, comments and strings.
    Sign(char),
    /// A string.
    String,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(raw) if raw.eq_ignore_ascii_case(word))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Token::Word(raw) if raw.bytes().all(|byte| byte.is_ascii_digit()) => None,
            Token::Word(raw) => Some(raw),
            Token::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

/// `USE app`: of statements only, `USE INDEX` is never the first word.
fn turns(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at].is("USE") && at.checked_sub(1).is_none_or(|before| tokens[before] == Token::Sign(';'))
}

/// `CREATE OR REPLACE SCHEMA`; `ALTER DATABASE CHARACTER SET …` is of the database in use.
fn alters_database(tokens: &[Token<'_>], at: usize) -> bool {
    if !["CREATE", "DROP", "ALTER"].iter().any(|verb| tokens[at].is(verb)) {
        return false;
    }
    let mut rest = tokens[at + 1..].iter().skip_while(|token| token.is("OR") || token.is("REPLACE"));
    let object = rest.next();
    let in_use = |next: &Token<'_>| ["CHARACTER", "DEFAULT", "COLLATE"].iter().any(|word| next.is(word));
    object.is_some_and(|object| object.is("DATABASE") || object.is("SCHEMA"))
        && !(tokens[at].is("ALTER") && rest.next().is_some_and(in_use))
}

/// Whether the name at `at` is a database of `others` in front of a dot. It may be a table's name or alias as well
/// (`SELECT app.id FROM users app`), if the statement has it without a dot and this is not where a table stands.
fn qualifies(tokens: &[Token<'_>], at: usize, others: &[String]) -> bool {
    let dot = Token::Sign('.');
    let Some(name) = tokens[at].name().filter(|_| tokens.get(at + 1) == Some(&dot)) else { return false };
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    if before == Some(&dot)
        || before == Some(&Token::Sign('@'))
        || !others.iter().any(|other| other.eq_ignore_ascii_case(name))
    {
        return false;
    }
    let table_place = before.is_some_and(|before| TABLE_FOLLOWS.iter().any(|word| before.is(word)));
    let three_parts = tokens.get(at + 3) == Some(&dot);
    let stands_alone = |i: usize| {
        let follows_dot = i > 0 && tokens[i - 1] == dot;
        tokens[i].name() == Some(name) && !follows_dot && tokens.get(i + 1) != Some(&dot)
    };
    table_place || three_parts || !(0..tokens.len()).any(stands_alone)
}

fn scan(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = match first {
            '`' | '"' | '\'' => {
                let length = quoted(rest, first);
                let doubled: String = [first, first].iter().collect();
                let inner = rest[..length].trim_start_matches(first).trim_end_matches(first);
                let inner = inner.replace(&doubled, &first.to_string());
                tokens.push(if first == '\'' { Token::String } else { Token::Quoted(inner) });
                length
            }
            '#' => line(rest),
            '-' if rest.starts_with("--") && !rest[2..].starts_with(|c: char| c > ' ') => line(rest),
            '/' if rest.starts_with("/*!") => version(rest, 3),
            '/' if rest.starts_with("/*M!") => version(rest, 4),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            // The end of a version comment.
            '*' if rest.starts_with("*/") => 2,
            c if word(c) => {
                let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..length]));
                length
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

fn line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// Bytes of `/*!80013`: what follows is code.
fn version(rest: &str, start: usize) -> usize {
    start + rest[start..].bytes().take_while(u8::is_ascii_digit).count()
}

/// Bytes of the quoted piece that `rest` begins with; doubled quotes, and backslashes in strings, do not end it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && quote != '`' {
            characters.next();
        } else if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
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
}
