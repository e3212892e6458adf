//! The tokens of a definition, and a cursor (`Hand`) that takes one token after the other.
//!
//! In: the text of a definition, its SQL mode, and a check. Out: whether the check holds in both ways in which a server may read
//! the text: with the content of its version comments, and without.

use crate::sql::{Certain, Mode, Token, TokenKind};

/// Most bytes of a definition. The definition of a table with thousands of partitions is shorter.
const DEFINITION_BYTES_MAX: usize = 1 << 20;

/// Cuts a definition into tokens. Fails when not all servers would cut it in the same way.
pub(super) fn read(sql: &str, mode: Mode) -> Result<Certain<'_>, String> {
    if sql.len() > DEFINITION_BYTES_MAX {
        return Err(format!("its definition is longer than {} KiB", DEFINITION_BYTES_MAX >> 10));
    }
    Certain::of(sql, mode).map_err(|problem| format!("its definition has {problem}"))
}

/// Runs `check` on both readings: with the content of version comments, and without.
pub(super) fn both(code: &Certain<'_>, check: impl Fn(Hand<'_>) -> Result<(), String>) -> Result<(), String> {
    code.readings().try_for_each(|tokens| check(Hand::of(code.sql, tokens)))
}

/// A cursor that takes tokens of a definition one after the other. Functions `is…` and `are…` return whether they took any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand<'a> {
    sql: &'a str,
    rest: &'a [Token],
}

impl<'a> Hand<'a> {
    pub(super) fn of(sql: &'a str, tokens: &'a [Token]) -> Self {
        Self { sql, rest: tokens }
    }

    /// The tokens that are not taken yet.
    pub(super) fn rest(&self) -> &'a [Token] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next token, if there is one.
    pub(super) fn take(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Returns the next token in upper case if it is a word, otherwise an empty text. Takes nothing.
    pub(super) fn word(&self) -> String {
        let first = self.rest.first().filter(|token| token.kind == TokenKind::Word);
        first.map_or_else(String::new, |token| token.text(self.sql).to_ascii_uppercase())
    }

    /// Takes the next token if it is this word.
    pub(super) fn is_word(&mut self, word: &str) -> bool {
        let is = self.rest.first().is_some_and(|token| token.is_word(self.sql, word));
        if is {
            self.take();
        }
        is
    }

    /// Takes the next token if it is one of these words.
    pub(super) fn is_one_of(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// Takes the next tokens if they are these words in this order.
    pub(super) fn are_words(&mut self, words: &[&str]) -> bool {
        let there = self.rest.len() >= words.len()
            && words.iter().zip(self.rest).all(|(word, token)| token.is_word(self.sql, word));
        if there {
            self.rest = &self.rest[words.len()..];
        }
        there
    }

    /// Takes the next token if it is this symbol.
    pub(super) fn is(&mut self, symbol: u8) -> bool {
        let is = self.rest.first().is_some_and(|token| token.is(symbol));
        if is {
            self.take();
        }
        is
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn is_kind(&mut self, kind: TokenKind) -> bool {
        let is = self.rest.first().is_some_and(|token| token.kind == kind);
        if is {
            self.take();
        }
        is
    }

    /// Takes the next token if it is a quoted name, and returns the name.
    pub(super) fn name(&mut self) -> Option<String> {
        let name =
            self.rest.first().filter(|token| token.kind == TokenKind::Name)?.name(self.sql)?.into_owned();
        self.take();
        Some(name)
    }

    /// Takes a list in parentheses and returns its items, cut at the outermost commas. `None` if there is no whole list.
    pub(super) fn list(&mut self) -> Option<Vec<Self>> {
        if !self.is(b'(') {
            return None;
        }
        let (mut depth, mut from, mut items) = (1_u32, 0, Vec::new());
        for (at, token) in self.rest.iter().enumerate() {
            match token.kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && token.is(b',')) {
                items.push(Self { sql: self.sql, rest: &self.rest[from..at] });
                from = at + 1;
            }
            if depth == 0 {
                self.rest = &self.rest[from..];
                return Some(items);
            }
        }
        None
    }

    /// Returns the next four tokens as they are written, for a message.
    pub(super) fn beginning(&self) -> String {
        let some: Vec<&str> = self.rest.iter().take(4).map(|token| token.text(self.sql)).collect();
        some.join(" ").chars().take(60).collect()
    }

    /// True when any token that is not taken yet is one of these words.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.rest.iter().any(|token| words.iter().any(|word| token.is_word(self.sql, word)))
    }

    /// Returns the first name before a point that is not `own`. The points of numbers and of quoted texts do not count.
    pub(super) fn foreign_qualifier(&self, own: &str) -> Option<String> {
        self.rest.windows(2).find_map(|two| {
            let name = two[0].name(self.sql)?;
            let is_number = two[0].kind == TokenKind::Word && name.starts_with(|c: char| c.is_ascii_digit());
            (two[1].is(b'.') && !is_number && name != own).then(|| name.into_owned())
        })
    }
}
