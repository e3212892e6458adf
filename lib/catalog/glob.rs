//! Names with `*` and `?` in them, and which of two patterns says more about a name.

use std::cmp::Ordering;

use globset::{GlobBuilder, GlobMatcher};

use super::types::Table;
use crate::config::{NameError, TableName};

/// One name or glob. Upper and lower case are told apart only where asked.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    glob: Option<GlobMatcher>,
}

/// How closely a pattern fits: a plain name most closely, then the glob with most characters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    exact: bool,
    literal_characters: usize,
}

impl Pattern {
    /// Reads a name or glob. `*` is any run of characters, `?` any one; nothing else is special.
    pub fn new(text: &str, any_case: bool) -> Self {
        if !text.contains(['*', '?']) && !any_case {
            return Self { text: text.to_owned(), glob: None };
        }
        let escaped: String = text
            .chars()
            .flat_map(|c| if "[]{}\\!".contains(c) { vec!['[', c, ']'] } else { vec![c] })
            .collect();
        // `[]]` and `[!]` mean something else to globset.
        let escaped = escaped.replace("[]]", "\\]").replace("[!]", "!").replace("[\\]", "\\\\");
        let glob = GlobBuilder::new(&escaped).case_insensitive(any_case).backslash_escape(true).build();
        Self { text: text.to_owned(), glob: glob.ok().map(|glob| glob.compile_matcher()) }
    }

    /// How closely it fits `name`, if it does.
    pub fn fit(&self, name: &str) -> Option<Fit> {
        let matches = self.glob.as_ref().map_or(self.text == name, |glob| glob.is_match(name));
        matches.then(|| self.closeness())
    }

    /// How closely it fits whatever it fits.
    pub fn closeness(&self) -> Fit {
        Fit {
            exact: !self.text.contains(['*', '?']),
            literal_characters: self.text.chars().filter(|c| !"*?".contains(*c)).count(),
        }
    }
}

/// A table's name or glob, with or without a database.
#[derive(Debug, Clone)]
pub struct TablePattern {
    database: Option<Pattern>,
    table: Pattern,
}

impl TablePattern {
    /// Reads `table`, `chat_*`, `database.table`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        Ok(Self::of(&text.parse()?))
    }

    /// The pattern of a name already taken apart.
    pub fn of(name: &TableName) -> Self {
        Self {
            database: name.database.as_deref().map(|database| Pattern::new(database, false)),
            table: Pattern::new(&name.table, false),
        }
    }

    /// How closely it fits a table, if it does: the table's name first, then the database's.
    pub fn fit(&self, table: &Table) -> Option<(Fit, Option<Fit>)> {
        let database = match &self.database {
            Some(pattern) => Some(pattern.fit(&table.database)?),
            None => None,
        };
        Some((self.table.fit(&table.name)?, database))
    }
}

/// Names and globs, as one question.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Pattern>);

impl Patterns {
    /// Reads names and globs. Upper and lower case are told apart.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self(texts.into_iter().map(|text| Pattern::new(text.as_ref(), false)).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them fits.
    pub fn fit(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.fit(name).is_some())
    }
}

/// Which of two fits, part by part, says more: nothing if each says more about another part.
pub fn closer<T: Ord>(one: &[T], other: &[T]) -> Option<Ordering> {
    let mut verdict = Ordering::Equal;
    for (a, b) in one.iter().zip(other) {
        verdict = match (verdict, a.cmp(b)) {
            (Ordering::Equal, next) => next,
            (_, Ordering::Equal) => verdict,
            (before, next) if before == next => verdict,
            _ => return None,
        };
    }
    Some(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_more_closely_than_a_glob_and_a_long_glob_more_than_a_short_one() {
        let fit = |pattern: &str| Pattern::new(pattern, false).fit("chat_log").unwrap();
        assert!(fit("chat_log") > fit("chat_*"));
        assert!(fit("chat_*") > fit("*_log"));
        assert!(fit("*_log") > fit("*"));
        assert!(Pattern::new("chat", false).fit("chat_log").is_none());
    }

    #[test]
    fn nothing_but_star_and_question_mark_is_special() {
        for odd in ["a[b]", "{a,b}", "a!b", "a\\b", "[!x]", "a]b"] {
            assert!(Pattern::new(odd, true).fit(odd).is_some(), "{odd}");
            assert!(Pattern::new(&format!("{odd}*"), false).fit(&format!("{odd}c")).is_some(), "{odd}*");
        }
        assert!(Pattern::new("[ab]", true).fit("a").is_none());
        assert!(Pattern::new("Email", true).fit("eMAIL").is_some());
    }

    #[test]
    fn two_patterns_that_each_say_more_about_one_part_are_not_ordered() {
        assert_eq!(closer(&[2, 0], &[0, 2]), None);
        assert_eq!(closer(&[2, 0], &[2, 2]), Some(Ordering::Less));
    }
}
