//! What is wrong with an entry, before anybody said where it stands: a sentence, a hint, and the keys that lead to it. The
//! hint is what was meant by a word that nobody knows, if a known word is like it.

/// A sentence and a hint, for the caller to add file and line.
pub type Wrong = (String, Option<String>);

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The keys that lead to it, the section first; a number is an element of a list.
    pub(crate) keys: Vec<String>,
    /// What is wrong with it, and what to write instead.
    pub(crate) wrong: Wrong,
}

impl Problem {
    pub(crate) fn new(keys: &[&str], wrong: Wrong) -> Self {
        Self { keys: keys.iter().map(|key| (*key).to_owned()).collect(), wrong }
    }
}

/// The candidate most like `wrong`, if one is like it at all.
pub(crate) fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The same as a hint.
pub(super) fn did_you_mean<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, candidates).map(|name| format!("did you mean `{name}`?"))
}
