//! Globs: names with `*` and `?`, and which of two patterns for a name is more specific.

use std::cmp::Ordering;

use globset::{GlobBuilder, GlobMatcher};

use super::types::Table;
use crate::config::{NameError, TableName};

/// One name or glob, with or without regard to case.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    glob: Option<GlobMatcher>,
}

/// How specific a pattern is: a plain name most of all, then the glob with the most characters besides `*` and `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    exact: bool,
    literal_characters: usize,
}

impl Pattern {
    /// Reads a name or glob. `*` stands for any characters, `?` for any one; nothing else is special. With `any_case` case does
    /// not matter.
    pub fn new(text: &str, any_case: bool) -> Self {
        if !text.contains(['*', '?']) && !any_case {
            return Self { text: text.to_owned(), glob: None };
        }
        let escaped: String = text
            .chars()
            .flat_map(|c| if "[]{}\\!".contains(c) { vec!['[', c, ']'] } else { vec![c] })
            .collect();
        // globset does not read `[]]`, `[!]` and `[\]` as one literal character.
        let escaped = escaped.replace("[]]", "\\]").replace("[!]", "!").replace("[\\]", "\\\\");
        let glob = GlobBuilder::new(&escaped).case_insensitive(any_case).backslash_escape(true).build();
        Self { text: text.to_owned(), glob: glob.ok().map(|glob| glob.compile_matcher()) }
    }

    /// How closely the pattern fits `name`; `None` if it does not match.
    pub fn fit(&self, name: &str) -> Option<Fit> {
        let matches = self.glob.as_ref().map_or(self.text == name, |glob| glob.is_match(name));
        matches.then(|| self.closeness())
    }

    /// How closely the pattern fits any name that it matches.
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
    /// Reads a name or glob: `table`, `chat_*`, `database.table`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        Ok(Self::of(&text.parse()?))
    }

    /// Makes a pattern from a name that is already split into database and table.
    pub fn of(name: &TableName) -> Self {
        Self {
            database: name.database.as_deref().map(|database| Pattern::new(database, false)),
            table: Pattern::new(&name.table, false),
        }
    }

    /// How closely the pattern fits the name of a table and of its database; `None` if it does not match.
    pub fn fit(&self, table: &Table) -> Option<(Fit, Option<Fit>)> {
        let database = match &self.database {
            Some(pattern) => Some(pattern.fit(&table.database)?),
            None => None,
        };
        Some((self.table.fit(&table.name)?, database))
    }
}

/// A list of names and globs; a name matches if one of them fits.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Pattern>);

impl Patterns {
    /// Reads names and globs. Case matters.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self(texts.into_iter().map(|text| Pattern::new(text.as_ref(), false)).collect())
    }

    /// True if the list has no names.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if one of the patterns fits the name.
    pub fn fit(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.fit(name).is_some())
    }
}

/// Compares two fits part by part; `None` if each is closer than the other in some part.
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
