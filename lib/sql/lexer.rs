//! SQL text as tokens: enough to find names and commas without being fooled by quotes and comments.
//!
//! In: what `SHOW CREATE …` answers. Out: words, quoted names and texts, symbols, with their places. Version comments
//! (`/*!80016 … */`) are code, so what is inside them is tokens too.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word or a number: letters, digits, `_`, `$`, and everything that is not ASCII.
    Word,
    /// Something between `` ` ``, `"` or `'`.
    Quoted(u8),
    /// Any other byte.
    Symbol(u8),
}

/// One token and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) place: Range<usize>,
}

impl Token {
    /// The token as it is written.
    pub(crate) fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.place.clone()]
    }

    /// Whether it is the given word, in any case.
    pub(crate) fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// Whether it is the given symbol.
    pub(crate) fn is(&self, symbol: u8) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    /// The name that it stands for, if it can be one: quotes taken off.
    pub(crate) fn name(&self, sql: &str) -> Option<String> {
        let text = self.text(sql);
        match self.kind {
            Kind::Word => Some(text.to_owned()),
            Kind::Quoted(quote @ (b'`' | b'"')) => {
                let quote = char::from(quote).to_string();
                let inner = text.strip_prefix(&quote)?.strip_suffix(&quote)?;
                Some(inner.replace(&quote.repeat(2), &quote))
            }
            _ => None,
        }
    }
}

/// The tokens of `sql`.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at = match bytes[at] {
            byte if byte.is_ascii_whitespace() => at + 1,
            b'#' => line_end(bytes, at),
            b'-' if is_dashes(&bytes[at..]) => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            // The end of a version comment whose beginning was skipped.
            b'*' if bytes.get(at + 1) == Some(&b'/') => at + 2,
            quote @ (b'`' | b'"' | b'\'') => {
                let end = quoted_end(bytes, at, quote);
                found.push(Token { kind: Kind::Quoted(quote), place: start..end });
                end
            }
            byte if is_word(byte) => {
                let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
                found.push(Token { kind: Kind::Word, place: start..at + length });
                at + length
            }
            byte => {
                found.push(Token { kind: Kind::Symbol(byte), place: start..at + 1 });
                at + 1
            }
        };
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn is_dashes(rest: &[u8]) -> bool {
    rest.starts_with(b"--") && rest.get(2).is_none_or(u8::is_ascii_whitespace)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length + 1)
}

/// Behind a comment, or behind the opening of a version comment.
fn comment_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at + 2..];
    let opening = rest.strip_prefix(b"M!").or_else(|| rest.strip_prefix(b"!"));
    if let Some(code) = opening {
        let digits = code.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return bytes.len() - code.len() + digits;
    }
    memchr::memmem::find(rest, b"*/").map_or(bytes.len(), |length| at + 2 + length + 2)
}

fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if quote != b'`' => end += 2,
            byte if byte == quote && bytes.get(end + 1) == Some(&quote) => end += 2,
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// `sql` without the given places, which are in order.
pub(crate) fn without(sql: &str, places: &[Range<usize>]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for place in places {
        text.push_str(&sql[from..place.start]);
        from = place.end;
    }
    text.push_str(&sql[from..]);
    text
}

/// `sql` with `` `database`. `` taken away before quoted names, so that it can run in a database of another name.
pub(crate) fn unqualified(sql: &str, database: &str) -> String {
    let found = tokens(sql);
    let places: Vec<_> = found
        .windows(3)
        .filter(|three| {
            three[0].kind == Kind::Quoted(b'`')
                && three[1].is(b'.')
                && three[2].kind == Kind::Quoted(b'`')
                && three[0].name(sql).as_deref() == Some(database)
        })
        .map(|three| three[0].place.start..three[2].place.start)
        .collect();
    // `t`.`c` of a table that is named as its database: the middle of a.b.c is not a database.
    let inside: Vec<_> =
        places.iter().filter(|place| !sql[..place.start].trim_end().ends_with('.')).cloned().collect();
    without(sql, &inside)
}

/// `sql` with the collations that only MySQL 8 knows put into version comments: MariaDB skips those and takes the
/// character set's default.
pub(crate) fn portable(sql: &str) -> String {
    let found = tokens(sql);
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for (i, token) in found.iter().enumerate().filter(|(_, token)| token.is_word(sql, "COLLATE")) {
        let value = found[i + 1..].iter().find(|next| !next.is(b'='));
        if let Some(value) =
            value.filter(|value| value.kind == Kind::Word && value.text(sql).contains("_0900_"))
        {
            text += &sql[from..token.place.start];
            text += "/*!80000 ";
            text += &sql[token.place.start..value.place.end];
            text += " */";
            from = value.place.end;
        }
    }
    text + &sql[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).iter().map(|token| &sql[token.place.clone()]).collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        assert_eq!(texts("a, -- b, c\nd /* , */ e"), ["a", ",", "d", "e"]);
        assert_eq!(texts("'it''s, \\' x' `a``,b` \"q,\""), ["'it''s, \\' x'", "`a``,b`", "\"q,\""]);
        assert_eq!(texts("x /*!80016 NOT ENFORCED */ y"), ["x", "NOT", "ENFORCED", "y"]);
        assert_eq!(texts("1--2"), ["1", "-", "-", "2"]);
    }

    #[test]
    fn what_is_never_closed_ends_at_the_end() {
        for sql in ["'abc", "`x\\", "'a\\", "/* x", "-- x", "/*!", "é'"] {
            assert!(tokens(sql).iter().all(|token| token.place.end <= sql.len()), "{sql}");
        }
    }

    #[test]
    fn collations_of_mysql_alone_are_for_mysql_alone() {
        assert_eq!(
            portable("`a` text COLLATE utf8mb4_0900_bin, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"),
            "`a` text /*!80000 COLLATE utf8mb4_0900_bin */, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"
        );
    }

    #[test]
    fn own_qualifiers_go_and_others_stay() {
        assert_eq!(unqualified("nextval(`a`.`s`) `b`.`t` '`a`.`x`'", "a"), "nextval(`s`) `b`.`t` '`a`.`x`'");
    }
}
