//! What is wrong with an entry, before anybody said where it stands: a sentence, a hint, and the keys that lead to it.

/// A sentence and a hint, for the caller to add file and line.
pub type Wrong = (String, Option<String>);

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The keys that lead to it, the section first; a number is an element of a list.
    pub(crate) keys: Vec<String>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl Problem {
    pub(crate) fn new(keys: &[&str], wrong: Wrong) -> Self {
        Self { keys: keys.iter().map(|key| (*key).to_owned()).collect(), wrong }
    }
}
