//! The kinds of masks that `[mask]` may name, and the check of the rules against them.
//!
//! In: the kinds of masks. The room `mask` has them in its table, and the caller of `load` passes them in: `config` stands before
//! `mask` and may not use it. Out: every error in the rules of a file, for every tool.

use super::problem::{Problem, Wrong, did_you_mean};
use super::sections::mask::{MaskConfig, MaskRule, MaskSection, SETTINGS};

/// One kind of mask, as far as the check of a file needs it.
#[derive(Debug, Clone, Copy)]
pub struct KindWords {
    /// Name of the kind, as `[mask]` writes it.
    pub name: &'static str,
    /// The settings that this kind reads.
    pub settings: &'static [&'static str],
    /// Checks the settings of an entry of this kind, as far as that is possible without the column.
    pub check: fn(&MaskConfig) -> Result<(), Wrong>,
}

/// Every kind of mask.
#[derive(Debug, Clone, Default)]
pub struct KindVocabulary {
    /// The kinds, in the order in which hints list them.
    pub kinds: Vec<KindWords>,
}

impl KindVocabulary {
    /// Finds a kind by its name; fails for an unknown name, with a hint.
    pub fn kind(&self, name: &str) -> Result<&KindWords, Wrong> {
        let names = || self.kinds.iter().map(|kind| kind.name);
        self.kinds.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let all = || format!("kinds: {}", names().collect::<Vec<_>>().join(", "));
            (format!("unknown kind of mask {name:?}"), did_you_mean(name, names()).or_else(|| Some(all())))
        })
    }

    /// All errors of a `[mask]` section.
    pub(super) fn problems(&self, section: &MaskSection) -> Vec<Problem> {
        let mut problems = section.problems.clone();
        problems.extend(section.strays.iter().map(|key| stray(key)));
        for (key, rule) in &section.rules {
            let at = ["mask", key.as_str()];
            problems.extend(MaskRule::column(key).err().map(|wrong| Problem::new(&at, wrong)));
            problems.extend(rule.cases().err().map(|wrong| Problem::new(&at, wrong)));
            match rule.entries() {
                [alone] => self.entry(&at, alone, &mut problems),
                many => {
                    for (n, entry) in many.iter().enumerate() {
                        self.entry(&["mask", key, &n.to_string()], entry, &mut problems);
                    }
                }
            }
        }
        problems
    }

    /// All errors of one entry and of the entries in its `paths`.
    fn entry(&self, at: &[&str], entry: &MaskConfig, problems: &mut Vec<Problem>) {
        match self.kind(&entry.kind) {
            Err(wrong) => problems.push(Problem::new(at, wrong)),
            Ok(kind) => match unread(kind, entry) {
                Some((setting, wrong)) => problems.push(Problem::new(&[at, &[setting]].concat(), wrong)),
                None => problems.extend((kind.check)(entry).err().map(|wrong| Problem::new(at, wrong))),
            },
        }
        for (path, inner) in &entry.paths {
            self.entry(&[at, &["paths", path]].concat(), inner, problems);
        }
    }
}

/// The first setting of an entry that its kind does not read. It is an error: a person would rely on it.
fn unread(kind: &KindWords, entry: &MaskConfig) -> Option<(&'static str, Wrong)> {
    let setting = entry.given().find(|given| !kind.settings.contains(given))?;
    let read: Vec<String> = kind.settings.iter().map(|name| format!("`{name}`")).collect();
    let hint = (!read.is_empty()).then(|| format!("{} reads {}", kind.name, read.join(", ")));
    Some((setting, (format!("{} has no setting `{setting}`", kind.name), hint)))
}

/// The error for a key that is neither a setting nor, without a dot, a column.
fn stray(key: &str) -> Problem {
    let message = format!("{key:?} is neither a setting nor a column: write \"table.{key}\" or \"*.{key}\"");
    Problem::new(&["mask", key], (message, did_you_mean(key, SETTINGS.iter().copied())))
}
