//! Reads and checks `refresh.toml`.
//!
//! In: the file, and the vocabulary: the kinds of masks. Out: a [`Config`], or an error for each wrong line.
//!
//! ```text
//! read the text as TOML     ── not TOML ──> one error; the rest of the file cannot be checked
//! read the sections         ── an entry is wrong ──> note the error, remove the entry, read again
//! check `[mask]` by the vocabulary, and the URL of `[migrations] repository` ──> note each error
//! ```

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::Error;
use super::origin::ConfigOrigin;
use super::problem::{Wrong, did_you_mean};
use super::sections::config::Config;
use super::vocabulary::KindVocabulary;
use crate::document::read_text;
use crate::outlet::{UrlSecret, secret_in_url};

/// Reading the sections stops after so many errors: more of them would not help.
const ERRORS_MAX: usize = 20;

/// The largest file, in bytes: while a file is read it takes many times its size in memory.
const FILE_BYTES_MAX: u64 = 2 << 20;

/// Reads and checks one file.
pub fn load(path: &Path, vocabulary: &KindVocabulary) -> Result<Config, Error> {
    parse(path, read(path)?, vocabulary)
}

/// Reads and checks one file except `[mask]`, which is then empty in the configuration. For a tool that cleans up: it does not
/// use `[mask]`, and wrong rules there must not stop it.
pub fn load_without_mask(path: &Path) -> Result<Config, Error> {
    checked(path, read(path)?, None)
}

fn read(path: &Path) -> Result<String, Error> {
    read_text(path, FILE_BYTES_MAX).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Reads and checks the text of a file; `path` is for messages.
pub fn parse(path: &Path, text: String, vocabulary: &KindVocabulary) -> Result<Config, Error> {
    checked(path, text, Some(vocabulary))
}

/// Reads and checks the text; without a vocabulary `[mask]` is left out.
fn checked(path: &Path, text: String, vocabulary: Option<&KindVocabulary>) -> Result<Config, Error> {
    let origin = ConfigOrigin { path: path.to_owned(), text };
    let (config, mut errors) = sections(&origin, vocabulary.is_some());
    if let (Some(config), Some(vocabulary)) = (&config, vocabulary) {
        for problem in vocabulary.problems(&config.mask) {
            let keys: Vec<&str> = problem.keys.iter().map(String::as_str).collect();
            let (message, hint) = problem.wrong;
            let line = origin.line_of(&keys).unwrap_or(1);
            errors.push((line, origin.error_on(line, message, hint)));
        }
    }
    if let Some(wrong) = config.as_ref().and_then(repository) {
        let line = origin.line_of(&["migrations", "repository"]).unwrap_or(1);
        errors.push((line, origin.error_on(line, wrong.0, wrong.1)));
    }
    // All errors are shown in the order of the file, from whichever check they come.
    errors.sort_by_key(|(line, _)| *line);
    let mut errors: Vec<Error> = errors.into_iter().map(|(_, error)| error).collect();
    match (config, errors.pop()) {
        (Some(config), None) => Ok(Config { origin, ..config }),
        (_, Some(last)) if errors.is_empty() => Err(last),
        (_, last) => {
            errors.extend(last);
            Err(Error::Several { path: path.to_owned(), errors })
        }
    }
}

/// Finds a secret in the URL of `[migrations] repository`. The message does not repeat the URL.
fn repository(config: &Config) -> Option<Wrong> {
    let what = match secret_in_url(&config.migrations.as_ref()?.repository)? {
        UrlSecret::Password => "a password",
        UrlSecret::Name => "a user name, which may be a token,",
        UrlSecret::Query => "a query, which may be a token,",
    };
    let message = format!("repository has {what} in its URL: git would show it to every user of this host");
    let hint = "write the URL without it, and let git log in with an SSH key (git@host:group/app.git), \
                a credential helper (git config credential.helper) or $GIT_ASKPASS";
    Some((message, Some(hint.to_owned())))
}

type Errors = Vec<(usize, Error)>;

/// Reads the sections, `[mask]` only if `with_mask`. Returns them without the wrong entries, and an error for each of those.
fn sections(origin: &ConfigOrigin, with_mask: bool) -> (Option<Config>, Errors) {
    let mut errors = Errors::new();
    let note = |errors: &mut Errors, error: &toml::de::Error| {
        let start = error.span().map(|span| span.start);
        let line = start.map_or(1, |start| origin.line_at(start));
        errors.push((line, origin.error_on(line, plain(error.message()), hint(error.message()))));
        start
    };
    let mut document = match DeTable::parse(&origin.text) {
        Ok(document) => document,
        Err(error) => {
            note(&mut errors, &error);
            return (None, errors);
        }
    };
    if !with_mask {
        document.get_mut().remove("mask");
    }
    loop {
        match Config::deserialize(Deserializer::from(document.clone())) {
            Ok(config) => return (Some(config), errors),
            Err(error) => {
                let at = note(&mut errors, &error);
                if errors.len() >= ERRORS_MAX || !at.is_some_and(|at| remove(document.get_mut(), at)) {
                    return (None, errors);
                }
            }
        }
    }
}

/// Removes the innermost entry that the byte `at` belongs to; false if there is none. Inner tables are searched first, because
/// the span of a `[section]` is only its header.
fn remove(table: &mut DeTable<'_>, at: usize) -> bool {
    if table.iter_mut().any(|(_, value)| remove_inside(value.get_mut(), at)) {
        return true;
    }
    let found = table.iter().find(|(key, value)| key.span().contains(&at) || value.span().contains(&at));
    let key = found.map(|(key, _)| key.get_ref().to_string());
    key.is_some_and(|key| table.remove(key.as_str()).is_some())
}

fn remove_inside(value: &mut DeValue<'_>, at: usize) -> bool {
    match value {
        DeValue::Table(table) => remove(table, at),
        DeValue::Array(list) => list.iter_mut().any(|element| remove_inside(element.get_mut(), at)),
        _ => false,
    }
}

/// serde's message with "a whole number" in place of a Rust type such as `u32`.
fn plain(message: &str) -> String {
    let types = ["u8", "u16", "u32", "u64", "usize", "i64"];
    match message.rsplit_once(", expected ").filter(|(_, expected)| types.contains(expected)) {
        Some((wrong, _)) => format!("{wrong}, expected a whole number"),
        None => message.to_owned(),
    }
}

/// The hint `did you mean …?`, from serde's message "unknown field `x`, expected one of `a`, `b`".
fn hint(message: &str) -> Option<String> {
    message.starts_with("unknown ").then_some(())?;
    let mut names = message.split('`').skip(1).step_by(2);
    let wrong = names.next()?;
    did_you_mean(wrong, names)
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::KindWords;
    use super::*;

    /// A vocabulary of two kinds, so that the tests here do not need the room `mask`.
    fn words() -> KindVocabulary {
        let kind = |name| KindWords { name, settings: &["host"], check: |_| Ok(()) };
        KindVocabulary { kinds: vec![kind("email"), kind("nul")] }
    }

    fn wrong(text: &str) -> String {
        let error = parse(Path::new("refresh.toml"), text.to_owned(), &words()).unwrap_err();
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
        let config = parse(Path::new("refresh.toml"), text.to_owned(), &words()).unwrap();
        assert_eq!(config.origin.line_of(&["mask", "a.b"]), Some(3));
        assert_eq!(config.origin.line_of(&["mask", "a.b", "kind"]), Some(3));
    }

    #[test]
    fn all_that_is_wrong_is_told_in_one_run_in_the_order_of_the_file() {
        let said = wrong(
            "[dump]\nkeep_dais = 7\nlevel = \"x\"\n[mask]\nleaks = \"of\"\n\"a.b\" = \"emial\"\npolicyy = \"warn\"\n\
             \"a.c\" = [{ kind = \"email\", when = \"1\", hots = \"x\" },\n  { kind = \"nul\", format = \"x\" }]\n\
             [relations]\n\"a.b\" = { too = \"c.d\" }\n[dumpp]\nx = 1\n",
        );
        let lines: Vec<&str> = said.lines().map(str::trim).collect();
        let expected = [
            "9 things are wrong in refresh.toml:",
            "refresh.toml:2: unknown field `keep_dais`, ",
            "refresh.toml:3: invalid type: string \"x\", expected a whole number",
            "refresh.toml:5: leaks is refuse, warn or off, not \"of\" (did you mean `off`?)",
            "refresh.toml:6: unknown kind of mask \"emial\" (did you mean `email`?)",
            "refresh.toml:7: \"policyy\" is neither a setting nor a column: ",
            "refresh.toml:8: unknown field `hots`, ",
            "refresh.toml:9: nul has no setting `format` (nul reads `host`)",
            "refresh.toml:11: unknown field `too`, ",
            "refresh.toml:12: unknown field `dumpp`, ",
        ];
        assert_eq!(lines.len(), expected.len(), "{said}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{line}");
        }
        assert!(lines[5].ends_with("(did you mean `policy`?)"), "{}", lines[5]);
    }

    #[test]
    fn a_password_in_the_url_of_a_repository_is_refused_and_not_repeated() {
        for url in [
            "https://u:hunter2@h/app.git",
            "https://hunter2@h/app.git",
            "https://h/app.git?token=hunter2",
            "u:hunter2@h:app.git",
        ] {
            let said = wrong(&format!("[migrations]\npath = \"*.sql\"\nrepository = \"{url}\"\n"));
            assert!(said.starts_with("refresh.toml:3: repository has a "), "{said}");
            assert!(said.contains("$GIT_ASKPASS") && !said.contains("hunter2"), "{said}");
        }
        for url in ["git@h:app.git", "ssh://git@h/app.git", "https://h/app.git", "/srv/app.git"] {
            let text = format!("[migrations]\nrepository = \"{url}\"\n");
            assert!(parse(Path::new("refresh.toml"), text, &words()).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_secret_that_was_written_down_is_not_repeated() {
        let said = wrong("[mask]\nkey = \"hunter2\"\n");
        assert!(said.starts_with("refresh.toml:2: key is a reference to a secret, "), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
