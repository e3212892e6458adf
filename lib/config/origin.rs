//! Finds the line of an entry in `refresh.toml`, so that errors of later rooms can name the line too.
//!
//! In: the keys that lead to an entry. Out: its line, or an error with file and line.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Error;

/// The file that a configuration was read from, and its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigOrigin {
    /// Path of the file; empty for a configuration that was not read from one.
    pub path: PathBuf,
    /// Text of the whole file.
    pub text: String,
}

impl ConfigOrigin {
    /// An error about the entry at `keys` (section first), with its line, or line 1 if the entry is not found.
    pub fn error_at(&self, keys: &[&str], message: String, hint: Option<String>) -> Error {
        self.error_on(self.line_of(keys).unwrap_or(1), message, hint)
    }

    /// An error about a line of the file.
    pub(super) fn error_on(&self, line: usize, message: String, hint: Option<String>) -> Error {
        Error::At { path: self.path.clone(), line, message, hint }
    }

    /// The line of the entry at `keys`, counted from 1. A number among the keys is the position in a list, from 0. If only the
    /// first keys are found, the line of the last of those; `None` if not even the first is.
    pub fn line_of(&self, keys: &[&str]) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut at = None;
        let mut inside: Option<&DeValue<'_>> = None;
        for key in keys {
            let table = match inside {
                None => Some(document.get_ref()),
                Some(value) => value.as_table(),
            };
            let found = match (table, inside.and_then(DeValue::as_array)) {
                (Some(table), _) => entry(table, key),
                (_, Some(list)) => element(list, key),
                (None, None) => None,
            };
            let Some((start, value)) = found else { break };
            (at, inside) = (Some(start), Some(value));
        }
        at.map(|offset| self.line_at(offset))
    }

    /// The line of the byte at `offset`, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// The byte at which an entry of a table begins, and its value.
fn entry<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<(usize, &'a DeValue<'i>)> {
    let (name, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some((name.span().start, value.get_ref()))
}

/// The byte at which an element of a list begins, and its value.
fn element<'a, 'i>(list: &'a [Spanned<DeValue<'i>>], key: &str) -> Option<(usize, &'a DeValue<'i>)> {
    let value = list.get(key.parse::<usize>().ok()?)?;
    Some((value.span().start, value.get_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_line_for_each_element() {
        let text = "[mask]\n\"a.b\" = [\n  { kind = \"email\", when = \"1\" },\n  { kind = \"nul\" },\n]\n";
        let origin = ConfigOrigin { text: text.to_owned(), ..ConfigOrigin::default() };
        assert_eq!(origin.line_of(&["mask", "a.b"]), Some(2));
        assert_eq!(origin.line_of(&["mask", "a.b", "1"]), Some(4));
        assert_eq!(origin.line_of(&["mask", "a.b", "0", "when"]), Some(3));
        assert_eq!(origin.line_of(&["mask", "a.b", "7"]), Some(2));
        assert_eq!(origin.line_of(&["dump"]), None);
    }
}
