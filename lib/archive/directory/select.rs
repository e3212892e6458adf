//! Finds the dump that a person names: `latest`, a day, a file name or a path.
//!
//! In: the directory of dumps, the configured name, a wish. Out: a file. Only this file decides what `latest` stands for, for
//! all tools that write, check and load dumps:
//!
//! ```text
//! it has the configured name; if none is configured, the only name in the directory
//! its moment is not in the future (a clock was wrong), unless no other dump can be used
//! it is whole: tail and manifest can be read and belong together; signed, if [dump] trust asks for it
//! it is the newest of those
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::super::error::{Error, FileAction};
use super::super::signature::Trust;
use super::list::{DumpCandidate, ListedDump, candidates};
use super::name::{SUFFIX, is_later};
use crate::document::chain;
use crate::house::House;

/// The word for the newest whole dump.
pub(crate) const LATEST: &str = "latest";

/// The dump that `latest` stands for, and the newer files that were passed over.
#[derive(Debug)]
pub(super) struct Latest {
    pub(super) dump: Option<ListedDump>,
    /// Why each newer file was passed over.
    pub(super) broken: Vec<Error>,
}

/// Returns the dump that `latest` stands for, and warns of each newer file that was passed over. Fails when no dump can be used
/// and one of them is untrusted.
pub(crate) fn latest(
    house: &House,
    directory: &Path,
    name: Option<&str>,
) -> Result<Option<ListedDump>, Error> {
    let Latest { dump, mut broken } = newest(directory, name, Trust::of(&house.config))?;
    if dump.is_none()
        && let Some(at) = broken.iter().position(|problem| matches!(problem, Error::Untrusted { .. }))
    {
        return Err(broken.swap_remove(at));
    }
    for problem in &broken {
        let instead = dump.as_ref().map_or_else(String::new, |dump| format!("; {LATEST} is {}", dump.file));
        house.progress.warn(&format!("{}{instead}", chain(problem)));
    }
    Ok(dump)
}

/// Finds the dump that `latest` stands for, without warnings.
pub(super) fn newest(directory: &Path, name: Option<&str>, trust: Trust<'_>) -> Result<Latest, Error> {
    let now = Timestamp::now();
    let all = candidates(directory, name)?;
    refuse_several(directory, all.iter())?;
    let (later, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|candidate| is_later(candidate.as_of, now));
    let mut broken = Vec::new();
    for candidate in others.iter().chain(&later) {
        match candidate.read(trust) {
            Ok(dump) => return Ok(Latest { dump: Some(dump), broken }),
            // The file was rotated away after the directory was read.
            Err(Error::File { action: FileAction::Open, source, .. })
                if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(problem @ (Error::Damaged { .. } | Error::Untrusted { .. } | Error::LongRows { .. })) => {
                broken.push(problem);
            }
            // The file may be whole although it cannot be read here. No older dump is taken in its place.
            Err(problem) => return Err(problem),
        }
    }
    Ok(Latest { dump: None, broken })
}

/// Returns the candidate whose file name is `wish`, with or without `.sql.gz`. Otherwise `wish` is a day, `2026-11-23` or
/// `20261123`, in UTC like the file names: returns the newest candidate of that day with the given name.
pub(crate) fn pick<'a>(
    directory: &Path,
    all: &'a [DumpCandidate],
    name: Option<&str>,
    wish: &str,
) -> Result<Option<&'a DumpCandidate>, Error> {
    let wanted = wish.trim_end_matches(SUFFIX);
    let digits: String = wish.chars().filter(|c| *c != '-').collect();
    let is_of_day = |candidate: &&DumpCandidate| {
        digits.len() == 8 && candidate.as_of.strftime("%Y%m%d").to_string() == digits
    };
    let mine = |candidate: &&DumpCandidate| name.is_none_or(|name| name == candidate.name);
    if let Some(named) = all.iter().find(|candidate| candidate.file.trim_end_matches(SUFFIX) == wanted) {
        return Ok(Some(named));
    }
    refuse_several(directory, all.iter().filter(mine).filter(is_of_day))?;
    Ok(all.iter().filter(mine).find(is_of_day))
}

/// Fails when the candidates have several names: the newest could then be a dump of another application.
fn refuse_several<'a>(directory: &Path, all: impl Iterator<Item = &'a DumpCandidate>) -> Result<(), Error> {
    let names: BTreeSet<String> = all.map(|candidate| candidate.name.clone()).collect();
    if names.len() < 2 {
        return Ok(());
    }
    Err(Error::SeveralNames { directory: directory.to_owned(), names: names.into_iter().collect() })
}

/// Returns the path of the dump that a person names: `latest`, a file name in the directory, or a path.
pub(crate) fn find(
    house: &House,
    directory: impl FnOnce() -> Result<PathBuf, Error>,
    name: Option<&str>,
    wish: &str,
) -> Result<PathBuf, Error> {
    if wish.contains('/') {
        return Ok(PathBuf::from(wish));
    }
    let directory = directory()?;
    if wish != LATEST {
        return Ok(directory.join(wish));
    }
    latest(house, &directory, name)?.map(|dump| dump.path).ok_or(Error::NoDump(directory))
}

#[cfg(test)]
mod tests {
    use super::super::super::file::tests::{newer, whole};
    use super::*;

    /// Returns `latest` among these files, and how many were passed over. A file with a `-` in front is cut off.
    fn found(files: &[&str], name: Option<&str>) -> (Option<String>, usize) {
        let directory = tempfile::tempdir().unwrap();
        let bytes = whole();
        for file in files {
            let cut = file.strip_prefix('-');
            let end = if cut.is_some() { bytes.len() / 2 } else { bytes.len() };
            std::fs::write(directory.path().join(cut.unwrap_or(file)), &bytes[..end]).unwrap();
        }
        let latest = newest(directory.path(), name, Trust::anybody()).unwrap();
        (latest.dump.map(|dump| dump.file), latest.broken.len())
    }

    #[test]
    fn latest_is_whole_of_the_name_and_not_of_a_later_moment() {
        let (old, new) = ("app-20251122T020000Z.sql.gz", "app-20251123T020000Z.sql.gz");
        let (other, later) = ("other-20251124T020000Z.sql.gz", "app-20990101T000000Z.sql.gz");
        let cut = format!("-{new}");
        assert_eq!(found(&[old, new, other, later], Some("app")), (Some(new.to_owned()), 0));
        assert_eq!(found(&[old, new, later], None), (Some(new.to_owned()), 0));
        assert_eq!(found(&[old, &cut, other, later], Some("app")), (Some(old.to_owned()), 1));
        assert_eq!(found(&[later], Some("app")), (Some(later.to_owned()), 0));
        assert_eq!(found(&[&cut, other], Some("app")), (None, 1));
        let both = tempfile::tempdir().unwrap();
        for file in [old, other] {
            std::fs::write(both.path().join(file), whole()).unwrap();
        }
        let refused = newest(both.path(), None, Trust::anybody());
        assert!(matches!(refused, Err(Error::SeveralNames { names, .. }) if names == ["app", "other"]));
        assert_eq!(found(&["notes.txt", ".app-20251123T020000Z.sql.gz.partial"], None), (None, 0));
    }

    #[test]
    fn a_newer_dump_that_only_this_version_cannot_read_is_never_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("app-20261122T020000Z.sql.gz"), whole()).unwrap();
        std::fs::write(directory.path().join("app-20261123T020000Z.sql.gz"), newer()).unwrap();
        assert!(matches!(newest(directory.path(), None, Trust::anybody()), Err(Error::OtherFormat { .. })));
    }
}
