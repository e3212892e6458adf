//! Finds, reads and checks `refresh.toml`.
//!
//! In: the path from `--config`, or the environment. Out: a [`Config`], or the line that is wrong.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::error::Error;
use super::types::Config;

/// Which file a configuration came from and what it says, so that later rooms can name a line too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file; empty for a configuration that was never in one.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Origin {
    /// An error about the entry at `keys` (section first), with its line if it can be found.
    pub fn error_at(&self, keys: &[&str], message: String, hint: Option<String>) -> Error {
        let line = self.line_of(keys).unwrap_or(1);
        Error::At { path: self.path.clone(), line, message, hint }
    }

    /// The line of the entry at `keys`, counted from 1.
    pub fn line_of(&self, keys: &[&str]) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut table = document.get_ref();
        let mut at = None;
        for key in keys {
            let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == key) else { break };
            at = Some(name.span().start);
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        at.map(|offset| line_at(&self.text, offset))
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The configuration file to use: the flag's, `$REFRESH_CONFIG`, `./refresh.toml`, `/etc/refreshkit/refresh.toml`.
pub fn find(flag: Option<&Path>) -> Option<PathBuf> {
    let named = flag.map(Path::to_owned).or_else(|| environment("REFRESH_CONFIG").map(PathBuf::from));
    named.or_else(|| {
        ["refresh.toml", "/etc/refreshkit/refresh.toml"].iter().map(PathBuf::from).find(|path| path.is_file())
    })
}

/// Reads and checks one file.
pub fn load(path: &Path) -> Result<Config, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    parse(path, text)
}

/// Checks the text of a file; `path` is for messages.
pub fn parse(path: &Path, text: String) -> Result<Config, Error> {
    match toml::from_str::<Config>(&text) {
        Ok(mut config) => {
            config.origin = Origin { path: path.to_owned(), text };
            Ok(config)
        }
        Err(error) => Err(Error::At {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_at(&text, span.start)),
            message: plain(error.message()),
            hint: did_you_mean(error.message()),
        }),
    }
}

/// serde names the types of this program; people write numbers.
fn plain(message: &str) -> String {
    let types = ["u8", "u16", "u32", "u64", "usize", "i64"];
    match message.rsplit_once(", expected ").filter(|(_, expected)| types.contains(expected)) {
        Some((wrong, _)) => format!("{wrong}, expected a whole number"),
        None => message.to_owned(),
    }
}

/// `did you mean …?` out of serde's "unknown field `x`, expected one of `a`, `b`".
fn did_you_mean(message: &str) -> Option<String> {
    message.starts_with("unknown ").then_some(())?;
    let mut names = message.split('`').skip(1).step_by(2);
    let wrong = names.next()?;
    nearest(wrong, names).map(|name| format!("did you mean `{name}`?"))
}

/// The candidate most like `wrong`, if one is like it at all.
pub(crate) fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A variable of the environment that the configuration names, such as `password_env`.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// Where journals and the copy's option files are kept: `$REFRESH_STATE_DIR`, for root `/var/lib/refreshkit`, else
/// `$XDG_STATE_HOME/refreshkit` (XDG Base Directory Specification: absolute, `~/.local/state` if not set).
pub fn state_dir() -> Result<PathBuf, Error> {
    if let Some(named) = environment("REFRESH_STATE_DIR") {
        return Ok(PathBuf::from(named));
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/refreshkit"));
    }
    let given = environment("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    match given.or_else(home) {
        Some(base) => Ok(base.join("refreshkit")),
        // A directory that everybody may write to is no place for the copy's password.
        None => Err(Error::Environment {
            name: "REFRESH_STATE_DIR",
            problem: "is not set, and HOME neither".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let error = parse(Path::new("refresh.toml"), text.to_owned()).unwrap_err();
        let hint = crate::document::Failure::hint(&error).unwrap_or_default();
        format!("{error} | {hint}")
    }

    #[test]
    fn names_file_line_and_what_was_meant() {
        let text = "[dump]\ndir = \"/mnt\"\nkeep_dais = 7\n";
        let said = wrong(text);
        assert!(said.starts_with("refresh.toml:3: unknown field `keep_dais`"), "{said}");
        assert!(said.ends_with("did you mean `keep_days`?"), "{said}");
    }

    #[test]
    fn names_the_line_inside_short_forms_too() {
        let said = wrong("[relations]\n\"a.b\" = \"c.d\"\n\"e.f\" = [{ to = \"g.h\", capp = 3 }]\n");
        assert!(said.starts_with("refresh.toml:3: unknown field `capp`"), "{said}");
        assert!(said.ends_with("did you mean `cap`?"), "{said}");
        let said = wrong("[mask]\n\"a.b\" = 7\n");
        assert!(
            said.starts_with("refresh.toml:2: invalid type: integer `7`, expected one value or a list"),
            "{said}"
        );
    }

    #[test]
    fn numbers_are_told_as_people_write_them() {
        for wrong_value in ["-1", "\"7\"", "7.5", "99999999999"] {
            let said = wrong(&format!("[dump]\nkeep_days = {wrong_value}\n"));
            assert!(said.starts_with("refresh.toml:2: invalid "), "{said}");
            assert!(said.ends_with(", expected a whole number | "), "{said}");
        }
    }

    #[test]
    fn later_rooms_can_name_a_line() {
        let text = "[mask]\n\"*.email\" = \"email\"\n\"a.b\" = { kind = \"nul\" }\n";
        let config = parse(Path::new("refresh.toml"), text.to_owned()).unwrap();
        assert_eq!(config.origin.line_of(&["mask", "a.b"]), Some(3));
        assert_eq!(config.origin.line_of(&["mask", "a.b", "kind"]), Some(3));
    }
}
