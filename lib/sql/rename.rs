//! SQL text that names its own database, made to name another.
//!
//! In: the definition of a view, routine, trigger or event; the database it was read from, the one it goes to, and
//! the names that exist there. Out: the same text, in which `` `app__refresh`.`t` `` says `` `app`.`t` ``. A small
//! scanner over strings, comments and names instead of a search for text: a string or an alias of that name stays.

use std::collections::BTreeSet;

use super::quote::name;

/// Replaces `from` by `to` where it qualifies one of `known` (tables, views, routines of the database).
pub fn requalify(sql: &str, from: &str, to: &str, known: &BTreeSet<String>) -> String {
    if from == to || !sql.contains(from) {
        return sql.to_owned();
    }
    let tokens = scan(sql);
    let mut text = String::with_capacity(sql.len() + 32);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Name(raw) if unquote(raw) == from && qualifies(&tokens, at, from, known) => {
                text.push_str(&name(to));
            }
            Token::Name(raw) | Token::Other(raw) => text.push_str(raw),
        }
    }
    text
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A bare word or a name in back-ticks.
    Name(&'a str),
    /// Anything else: white space, a comment, a string, one character.
    Other(&'a str),
}

/// Whether the name at `at` stands before `.known`, is itself not behind a dot, and is no table's name as well
/// (`app.id` may mean the column of a table `app`; three parts never do).
fn qualifies(tokens: &[Token<'_>], at: usize, from: &str, known: &BTreeSet<String>) -> bool {
    let meaningful = |token: &&Token<'_>| !matches!(token, Token::Other(raw) if raw.trim().is_empty());
    let dot = Some(&Token::Other("."));
    if tokens[..at].iter().rfind(meaningful) == dot {
        return false;
    }
    let mut after = tokens[at + 1..].iter().filter(meaningful);
    if after.next() != dot {
        return false;
    }
    let Some(Token::Name(next)) = after.next() else { return false };
    known.contains(&unquote(next)) && (!known.contains(from) || after.next() == dot)
}

fn unquote(raw: &str) -> String {
    match raw.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(inner) => inner.replace("``", "`"),
        None => raw.to_owned(),
    }
}

fn scan(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let (length, is_name) = match first {
            '`' => (quoted(rest, '`', false), true),
            '\'' | '"' => (quoted(rest, first, true), false),
            '#' => (line(rest), false),
            '-' if rest.starts_with("-- ") || rest.starts_with("--\t") || rest.starts_with("--\n") => {
                (line(rest), false)
            }
            // The inside of `/*! … */` is code.
            '/' if rest.starts_with("/*") && !rest.starts_with("/*!") => {
                (rest.find("*/").map_or(rest.len(), |end| end + 2), false)
            }
            c if word(c) => (rest.find(|c| !word(c)).unwrap_or(rest.len()), true),
            c if c.is_whitespace() => (rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()), false),
            c => (c.len_utf8(), false),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(if is_name { Token::Name(token) } else { Token::Other(token) });
        rest = after;
    }
    tokens
}

fn line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// Bytes of the quoted piece that `rest` begins with; doubled quotes, and backslashes in strings, do not end it.
fn quoted(rest: &str, quote: char, backslashes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if backslashes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote as u8 {
            at += 1;
        } else if bytes.get(at + 1) == Some(&(quote as u8)) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    rest.len()
}

/// A definition without its `DEFINER` clause: whoever creates it then is its definer.
pub fn without_definer(sql: &str) -> String {
    let tokens = scan(sql);
    let word = |at: usize, text: &str| matches!(tokens.get(at), Some(Token::Name(raw)) if raw.eq_ignore_ascii_case(text));
    let Some(start) = (0..tokens.len().min(16)).find(|at| word(*at, "DEFINER")) else {
        return sql.to_owned();
    };
    // DEFINER = `user`@`host`, with or without spaces; the host may be missing for a role.
    let skip_blank = |mut at: usize| {
        while matches!(tokens.get(at), Some(Token::Other(raw)) if raw.trim().is_empty()) {
            at += 1;
        }
        at
    };
    let mut at = skip_blank(start + 1);
    if tokens.get(at) != Some(&Token::Other("=")) {
        return sql.to_owned();
    }
    at = skip_blank(at + 1) + 1;
    if tokens.get(at) == Some(&Token::Other("@")) {
        at += 2;
    }
    at = skip_blank(at);
    let raw = |token: &Token<'_>| match token {
        Token::Name(raw) | Token::Other(raw) => (*raw).to_owned(),
    };
    tokens[..start].iter().chain(&tokens[at.min(tokens.len())..]).map(raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<String> {
        ["t", "v", "log file"].map(str::to_owned).into()
    }

    #[test]
    fn renames_what_qualifies_and_nothing_else() {
        let text = "SELECT `app`.`t`.`id`, app . t.x, 'app.t', \"app.t\", x.app.t /* app.t */ FROM app.`log file` -- app.t\n, app.other, myapp.t";
        assert_eq!(
            requalify(text, "app", "dev", &known()),
            "SELECT `dev`.`t`.`id`, `dev` . t.x, 'app.t', \"app.t\", x.app.t /* app.t */ FROM `dev`.`log file` -- app.t\n, app.other, myapp.t"
        );
    }

    #[test]
    fn leaves_columns_of_a_table_that_is_named_like_its_database() {
        let mut names = known();
        names.insert("app".to_owned());
        assert_eq!(requalify("app.t, app.t.id", "app", "dev", &names), "app.t, `dev`.t.id");
    }

    #[test]
    fn takes_the_definer_away() {
        for (with, without) in [
            ("CREATE DEFINER=`a`@`%` PROCEDURE `p`() SELECT 1", "CREATE PROCEDURE `p`() SELECT 1"),
            (
                "CREATE ALGORITHM=MERGE DEFINER = 'a b'@'x' SQL SECURITY DEFINER VIEW v AS SELECT 1",
                "CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW v AS SELECT 1",
            ),
            (
                "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @DEFINER=1",
                "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @DEFINER=1",
            ),
        ] {
            assert_eq!(without_definer(with), without);
        }
    }
}
