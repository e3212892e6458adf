//! The words that `[mask]` is written in, and what is wrong with rules that are not.
//!
//! In: the kinds of masks, which the room `mask` has in its table and whoever loads a file hands in: `config` comes before
//! `mask`, and a kind is one row in one place. Out: everything that is wrong with the rules of a file, whatever the tool.

use super::problem::{Problem, Wrong, did_you_mean};
use super::sections::mask::{MaskConfig, MaskRule, MaskSection, SETTINGS};

/// One kind of mask, as far as a file says something of it.
#[derive(Debug, Clone, Copy)]
pub struct KindWords {
    /// Name of the kind, as `[mask]` has it.
    pub name: &'static str,
    /// The settings that it reads.
    pub settings: &'static [&'static str],
    /// What is wrong with these settings of it, whatever the column.
    pub check: fn(&MaskConfig) -> Result<(), Wrong>,
}

/// Every kind of mask.
#[derive(Debug, Clone, Default)]
pub struct KindVocabulary {
    /// In the order in which they are listed.
    pub kinds: Vec<KindWords>,
}

impl KindVocabulary {
    /// A kind by its name, or what is wrong with the name.
    pub fn kind(&self, name: &str) -> Result<&KindWords, Wrong> {
        let names = || self.kinds.iter().map(|kind| kind.name);
        self.kinds.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let all = || format!("kinds: {}", names().collect::<Vec<_>>().join(", "));
            (format!("unknown kind of mask {name:?}"), did_you_mean(name, names()).or_else(|| Some(all())))
        })
    }

    /// Everything that is wrong with a section.
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

    /// Everything that is wrong with one entry and what is inside.
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

/// The first setting that the kind does not read: it would promise something.
fn unread(kind: &KindWords, entry: &MaskConfig) -> Option<(&'static str, Wrong)> {
    let setting = entry.given().find(|given| !kind.settings.contains(given))?;
    let read: Vec<String> = kind.settings.iter().map(|name| format!("`{name}`")).collect();
    let hint = (!read.is_empty()).then(|| format!("{} reads {}", kind.name, read.join(", ")));
    Some((setting, (format!("{} has no setting `{setting}`", kind.name), hint)))
}

/// A key without a dot that is no setting.
fn stray(key: &str) -> Problem {
    let message = format!("{key:?} is neither a setting nor a column: write \"table.{key}\" or \"*.{key}\"");
    Problem::new(&["mask", key], (message, did_you_mean(key, SETTINGS.iter().copied())))
}
