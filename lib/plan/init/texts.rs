//! How lists of tables and their reasons are written into refresh.toml.
//!
//! In: entries. Out: TOML.

use std::fmt::Write as _;

use crate::config::{toml_comment, toml_text};

/// What marks a line that a person has to look at.
pub(crate) const DECIDE: &str = "# decide:";

/// One table of a list, and why it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As it stands in the list: a table or a group.
    pub(crate) name: String,
    /// Why it is in the list, for people.
    pub(crate) why: String,
    /// Whether a person has to look at it.
    pub(crate) decide: bool,
}

impl Entry {
    /// The comment that stands behind the entry.
    pub(crate) fn comment(&self) -> String {
        let why = toml_comment(&self.why);
        if self.decide { format!("{DECIDE} {why}") } else { format!("# {why}") }
    }
}

/// `full = [ … ]`, an entry a line; nothing for an empty list.
pub(crate) fn list(key: &str, entries: &[Entry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut text = format!("{key} = [\n");
    for entry in entries {
        let _ = writeln!(text, "    {},  {}", toml_text(&entry.name), entry.comment());
    }
    text + "]\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_toml_with_a_reason_behind_each_entry() {
        let entry = |name: &str, decide| Entry { name: name.to_owned(), why: "why\nnot".to_owned(), decide };
        let text = list("full", &[entry("a", false), entry("b \"c\"", true)]);
        assert!(text.contains("\"a\",  # why not\n") && text.contains("# decide: why not\n"), "{text}");
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["full"].as_array().unwrap().len(), 2);
        assert_eq!(list("full", &[]), "");
    }
}
