//! Whether a text passes what a night asks of it before it reads a row; what does not is taken out and marked.
//!
//! In: a refresh.toml, the catalog. Out: the text in which each refused entry is a comment with the refusal, and what is wrong beside that.

use std::path::Path;

use super::texts::DECIDE;
use crate::catalog::Catalog;
use crate::config::{self, Config, toml_comment};
use crate::document::chain;
use crate::mask;
use crate::plan::closure::roots;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;

/// So many entries are taken out one after the other; more than that say that something else is wrong.
const ROUNDS_MAX: usize = 100;

/// A text that was held against the rules.
pub(crate) struct Settled {
    /// The text of the configuration, without what was taken out.
    pub(crate) text: String,
    /// What is decided by it; nothing if it does not pass.
    pub(crate) blueprint: Result<Blueprint, Error>,
}

/// Takes out what is refused, entry by entry.
pub(crate) fn settle(mut text: String, path: &Path, catalog: &Catalog, databases: &[String]) -> Settled {
    for _ in 0..ROUNDS_MAX {
        let error = match decide(&text, path, catalog, databases) {
            Ok(blueprint) => return Settled { text, blueprint: Ok(blueprint) },
            Err(error) => error,
        };
        match place(&error).and_then(|(line, message)| without(&text, line, &message)) {
            Some(shorter) => text = shorter,
            None => return Settled { text, blueprint: Err(error) },
        }
    }
    let blueprint = decide(&text, path, catalog, databases);
    Settled { text, blueprint }
}

/// What a night decides by it, before it reads a row.
pub(crate) fn decide(
    text: &str,
    path: &Path,
    catalog: &Catalog,
    databases: &[String],
) -> Result<Blueprint, Error> {
    let config: Config = config::parse(path, text.to_owned(), &mask::vocabulary())?;
    let blueprint = Blueprint::of(catalog.clone(), &config, databases)?;
    roots::check(&config, &blueprint)?;
    Ok(blueprint)
}

/// The line that an error is about, and what is wrong with it.
fn place(error: &Error) -> Option<(usize, String)> {
    let (Error::Config(inner) | Error::Mask(mask::Error::Config(inner))) = error else { return None };
    match inner {
        config::Error::At { line, message, .. } => Some((*line, message.clone())),
        config::Error::Several { errors, .. } => match errors.first()? {
            config::Error::At { line, message, .. } => Some((*line, message.clone())),
            other => Some((1, chain(other))),
        },
        _ => None,
    }
}

/// The text with an entry of one line turned into a comment; nothing if there is none on that line.
fn without(text: &str, line: usize, message: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let entry = lines.get_mut(line.checked_sub(1)?)?;
    if !entry.starts_with('"') || !entry.contains("\" = ") {
        return None;
    }
    *entry = format!("{DECIDE} {}\n# {entry}", toml_comment(message));
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_entry_of_its_own_line_is_taken_out() {
        let text = "[mask]\n\"a.b\" = \"text\"\npolicy = \"strict\"\n";
        assert_eq!(
            without(text, 2, "no such\ncolumn").unwrap(),
            "[mask]\n# decide: no such column\n# \"a.b\" = \"text\"\npolicy = \"strict\"\n"
        );
        assert_eq!(without(text, 1, ""), None);
        assert_eq!(without(text, 3, ""), None);
        assert_eq!(without(text, 0, ""), None);
    }
}
