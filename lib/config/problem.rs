//! An error of an entry before its line is known: a message, a hint, and the keys that lead to the entry. For an unknown word the
//! hint is the known word most like it.

/// A message and a hint; the caller adds file and line.
pub type Wrong = (String, Option<String>);

/// An error of an entry, and the keys that lead to the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The keys that lead to the entry, the section first; a number is the position in a list, from 0.
    pub(crate) keys: Vec<String>,
    /// What is wrong with the entry, and what to write instead.
    pub(crate) wrong: Wrong,
}

impl Problem {
    pub(crate) fn new(keys: &[&str], wrong: Wrong) -> Self {
        Self { keys: keys.iter().map(|key| (*key).to_owned()).collect(), wrong }
    }
}

/// The candidate most like `wrong`; `None` if none needs at most 1 plus a third of its length in edits.
pub(crate) fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The hint `did you mean …?` with the candidate most like `wrong`.
pub(super) fn did_you_mean<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, candidates).map(|name| format!("did you mean `{name}`?"))
}
