//! Which files of the branch are migrations, and in which order.
//!
//! In: a worktree and the glob of `[migrations] path`. Out: regular files in natural order (`V2` before `V10`).
//! Symbolic links are not followed: a branch decides what SQL runs, not which files of this host are read.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::error::Error;

/// One SQL file of the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MigrationFile {
    /// As the ledger knows it: the path below the folder that the glob begins with.
    pub(crate) name: String,
    /// The path in the repository, for messages.
    pub(crate) shown: String,
    /// Where it is.
    pub(crate) path: PathBuf,
}

/// The files that `glob` matches.
pub(crate) fn find(worktree: &Path, glob: &str, reference: &str) -> Result<Vec<MigrationFile>, Error> {
    let glob = glob.trim_start_matches("./");
    let matcher = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = matcher
        .map_err(|e| Error::Glob { glob: glob.to_owned(), problem: e.kind().to_string() })?
        .compile_matcher();
    let base = literal_folder(glob);
    let entries =
        walkdir::WalkDir::new(worktree).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    let mut files = Vec::new();
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        let Some(shown) = entry.path().strip_prefix(worktree).ok().and_then(Path::to_str) else { continue };
        if matcher.is_match(shown) {
            let name = shown.strip_prefix(base).unwrap_or(shown).to_owned();
            files.push(MigrationFile { name, shown: shown.to_owned(), path: entry.path().to_owned() });
        }
    }
    if files.is_empty() {
        return Err(Error::NoFiles { reference: reference.to_owned(), glob: glob.to_owned() });
    }
    files.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(files)
}

/// The part of a glob before its first wildcard, up to the last slash.
fn literal_folder(glob: &str) -> &str {
    let literal = &glob[..glob.find(['*', '?', '[', '{']).unwrap_or(glob.len())];
    &literal[..literal.rfind('/').map_or(0, |slash| slash + 1)]
}

/// Runs of digits by their value, everything else by its bytes.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (take_number(&mut left), take_number(&mut right));
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits at the front, without leading zeros.
fn take_number<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    *bytes = rest;
    let zeros = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_the_value_of_numbers() {
        let mut names = ["V10__c.sql", "V2__b.sql", "V2.1__b.sql", "V02__a.sql", "V1__a.sql", "R__z.sql"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["R__z.sql", "V1__a.sql", "V2.1__b.sql", "V02__a.sql", "V2__b.sql", "V10__c.sql"]);
    }

    #[test]
    fn the_ledger_knows_a_file_by_its_path_below_the_globs_folder() {
        assert_eq!(literal_folder("db/updates/*.sql"), "db/updates/");
        assert_eq!(literal_folder("db/**/up-*.sql"), "db/");
        assert_eq!(literal_folder("*.sql"), "");
    }

    #[test]
    fn does_not_follow_links_out_of_the_worktree() {
        let worktree = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", worktree.path().join("1.sql")).unwrap();
        assert!(matches!(find(worktree.path(), "*.sql", "main"), Err(Error::NoFiles { .. })));
        std::fs::write(worktree.path().join("2.sql"), "").unwrap();
        assert_eq!(find(worktree.path(), "./*.sql", "main").unwrap().len(), 1);
    }
}
