//! Conditions that compare a column with a constant.
//!
//! In: a condition as somebody wrote it. Out: each `column = 'text'` and `column = 1` in it, if the condition is so
//! simple that these can be found without knowing the grammar.

use std::borrow::Cow;

use super::lexer::{Token, TokenKind, tokens};

/// A condition that compares a column with a constant: `alias.column = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constant<'a> {
    pub(crate) alias: Option<Cow<'a, str>>,
    pub(crate) column: Cow<'a, str>,
    /// A text in single quotes, or a number without a sign, as it is written in the condition.
    pub(crate) value: &'a str,
}

/// The condition as a [`Constant`]; nothing if it is anything else or more.
pub(crate) fn constant(condition: &str) -> Option<Constant<'_>> {
    read(condition, &tokens(condition))
}

/// The constants of a condition whose parts are joined by AND; other parts are left out. Empty if it has parentheses, OR,
/// XOR or NOT.
pub(crate) fn constants(condition: &str) -> Vec<Constant<'_>> {
    let all = tokens(condition);
    let intricate = |token: &Token| match token.kind {
        TokenKind::Symbol(symbol) => b"();|\\".contains(&symbol),
        _ => ["OR", "XOR", "NOT"].iter().any(|word| token.is_word(condition, word)),
    };
    if all.iter().any(intricate) {
        return Vec::new();
    }
    let parts = all.split(|token| token.is_word(condition, "AND"));
    parts.filter_map(|part| read(condition, part)).collect()
}

fn read<'a>(sql: &'a str, part: &[Token]) -> Option<Constant<'a>> {
    let (alias, column, value) = match part {
        [column, equals, value] if equals.is(b'=') => (None, column, value),
        [alias, point, column, equals, value] if point.is(b'.') && equals.is(b'=') => {
            (Some(alias.name(sql)?), column, value)
        }
        _ => return None,
    };
    let written = value.text(sql);
    let fits = match value.kind {
        TokenKind::Text => written.starts_with('\''),
        TokenKind::Word => written.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    fits.then_some(Constant { alias, column: column.name(sql)?, value: written })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(condition: &str) -> Vec<String> {
        constants(condition).iter().map(|found| format!("{}={}", found.column, found.value)).collect()
    }

    #[test]
    fn plain_parts_are_understood_and_words_in_texts_are_none() {
        assert_eq!(found("c.kind = 'this or that' AND `n``o`=3 and d > 1"), ["kind='this or that'", "n`o=3"]);
        assert_eq!(found("a = 'x (y) -- z' /* not */"), ["a='x (y) -- z'"]);
        for other in [
            "a = 1 OR b = 2",
            "NOT a = 1",
            "(a = 1)",
            "a = 1 || b",
            "a = -1",
            "a = b",
            "a = \"b\"",
            "a >= 1",
            "",
        ] {
            assert!(found(other).is_empty(), "{other}");
        }
        assert_eq!(constant("a = 1 AND b = 2"), None);
        assert_eq!(constant("c.a = 1").unwrap().alias.as_deref(), Some("c"));
    }
}
