//! Finds the migrations of the branch, in their order.
//!
//! In: a worktree and the glob of `[migrations] path`. Out: its files in natural order (`V2` before `V10`). Symbolic links are
//! followed only within the repository: a branch decides which SQL runs, not which files of this host are read. A path that the
//! glob matches but that cannot be run is an error. Folders that are not searched but may hold migrations are named in a warning.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::error::Error;

/// One SQL file of the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MigrationFile {
    /// The name in the ledger: the path below the folder that the glob begins with.
    pub(crate) name: String,
    /// Path in the repository, for messages.
    pub(crate) shown: String,
    /// Path of the exported file.
    pub(crate) path: PathBuf,
}

/// The files that a glob finds, and the folders that were not searched.
#[derive(Debug, Default)]
pub(crate) struct GlobMatches {
    pub(crate) files: Vec<MigrationFile>,
    /// Warnings: a folder that may hold migrations, and why it was not searched.
    pub(crate) told: Vec<String>,
}

/// Finds the files that `glob` matches. `submodules` are folders that are repositories of their own, and are not fetched.
pub(crate) fn find(
    worktree: &Path,
    glob: &str,
    reference: &str,
    submodules: &[String],
) -> Result<GlobMatches, Error> {
    let glob = glob.trim_start_matches("./");
    let matcher = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = matcher
        .map_err(|e| Error::Glob { glob: glob.to_owned(), problem: e.kind().to_string() })?
        .compile_matcher();
    let root = worktree.canonicalize().map_err(|source| Error::Directory { source })?;
    let mut search = GlobSearch {
        root,
        glob,
        matcher,
        base: literal_folder(glob),
        found: GlobMatches::default(),
        wrong: Vec::new(),
    };
    for submodule in submodules {
        search.folder(submodule, "is a submodule, which is not fetched");
    }
    search.look(worktree, "");
    let GlobSearch { mut found, wrong, .. } = search;
    if !wrong.is_empty() {
        return Err(Error::NotFiles { shown: wrong });
    }
    if found.files.is_empty() {
        return Err(Error::NoFiles { reference: reference.to_owned(), glob: glob.to_owned() });
    }
    found.files.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(found)
}

struct GlobSearch<'a> {
    root: PathBuf,
    glob: &'a str,
    matcher: globset::GlobMatcher,
    base: &'a str,
    found: GlobMatches,
    /// Errors: a path that the glob matches, and why it cannot be run.
    wrong: Vec<String>,
}

impl GlobSearch<'_> {
    /// Searches a folder, whose path in the repository is `prefix`.
    fn look(&mut self, folder: &Path, prefix: &str) {
        let entries = walkdir::WalkDir::new(folder).min_depth(1).into_iter();
        let entries = entries.filter_entry(|entry| entry.file_name() != ".git").filter_map(Result::ok);
        for entry in entries {
            let Ok(below) = entry.path().strip_prefix(folder) else { continue };
            let path = Path::new(prefix).join(below);
            let kind = entry.file_type();
            let Some(shown) = path.to_str() else {
                if !kind.is_dir() && self.matcher.is_match(&path) {
                    self.wrong.push(format!("{}: its name is not UTF-8", path.to_string_lossy()));
                }
                continue;
            };
            if kind.is_symlink() {
                self.link(entry.path(), shown, prefix.is_empty());
            } else if kind.is_file() && self.matcher.is_match(shown) {
                self.add(shown, entry.path());
            }
        }
    }

    fn add(&mut self, shown: &str, path: &Path) {
        let name = shown.strip_prefix(self.base).unwrap_or(shown).to_owned();
        self.found.files.push(MigrationFile { name, shown: shown.to_owned(), path: path.to_owned() });
    }

    /// Takes a symbolic link for the file or folder that it leads to, if this is in the repository. With `follow` false, as
    /// inside a linked folder, links to folders are not followed.
    fn link(&mut self, path: &Path, shown: &str, follow: bool) {
        let within = path
            .canonicalize()
            .ok()
            .filter(|to| to.starts_with(&self.root) && !to.starts_with(self.root.join(".git")));
        let matches = self.matcher.is_match(shown);
        match within {
            Some(to) if to.is_file() && matches => self.add(shown, &to),
            Some(to) if to.is_dir() && follow && !path.starts_with(&to) => self.look(&to, shown),
            None if matches => {
                self.wrong.push(format!("{shown}: a symbolic link that leads out of the repository"));
            }
            Some(to) if to.is_file() => {}
            _ => self.folder(shown, "is a symbolic link that is not followed"),
        }
    }

    /// Adds a warning about a folder that is not searched, if it may hold migrations.
    fn folder(&mut self, shown: &str, why: &str) {
        let possible = self.matcher.is_match(format!("{shown}/1.sql"))
            || self.base.starts_with(&format!("{shown}/"))
            || self.glob.contains("**") && format!("{shown}/").starts_with(self.base);
        if possible {
            self.found.told.push(format!("{shown} {why}: its files are not among the migrations"));
        }
    }
}

/// The part of a glob before its first wildcard, up to the last slash.
fn literal_folder(glob: &str) -> &str {
    let literal = &glob[..glob.find(['*', '?', '[', '{']).unwrap_or(glob.len())];
    &literal[..literal.rfind('/').map_or(0, |slash| slash + 1)]
}

/// Compares runs of digits by their value and everything else by its bytes.
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

/// Removes the digits at the front of `bytes` and returns them without leading zeros.
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
    fn links_are_followed_within_the_worktree_and_those_that_lead_out_are_named() {
        let worktree = tempfile::tempdir().unwrap();
        let at = |name: &str| worktree.path().join(name);
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
        for folder in ["db", "sql/more", "lost"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        for file in ["sql/real.sql", "sql/more/3.sql", "db/1.sql"] {
            std::fs::write(at(file), "").unwrap();
        }
        link("../sql/real.sql", "db/2.sql");
        link("../sql/more", "db/more");
        link("..", "db/up");
        link("/tmp", "db/away");
        let found =
            find(worktree.path(), "./db/**/*.sql", "main", &["db/lost".to_owned(), "lost".to_owned()])
                .unwrap();
        let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["1.sql", "2.sql", "more/3.sql"]);
        let mut told = found.told;
        told.sort();
        let told: Vec<&str> = told.iter().map(|told| told.split(':').next().unwrap()).collect();
        let not_followed = "is a symbolic link that is not followed";
        assert_eq!(
            told,
            [
                &format!("db/away {not_followed}"),
                "db/lost is a submodule, which is not fetched",
                &format!("db/up {not_followed}")
            ]
        );
        link("/etc/hostname", "db/4.sql");
        link("nowhere", "db/5.sql");
        let wrong = find(worktree.path(), "db/*.sql", "main", &[]).unwrap_err().to_string();
        assert!(
            wrong.contains("db/4.sql: a symbolic link that leads out") && wrong.contains("db/5.sql: "),
            "{wrong}"
        );
    }

    #[test]
    fn a_name_that_is_no_text_is_named() {
        use std::os::unix::ffi::OsStrExt;
        let worktree = tempfile::tempdir().unwrap();
        std::fs::write(worktree.path().join("1.sql"), "").unwrap();
        std::fs::write(worktree.path().join(std::ffi::OsStr::from_bytes(b"2_caf\xe9.sql")), "").unwrap();
        std::fs::write(worktree.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), "").unwrap();
        let wrong = find(worktree.path(), "*.sql", "main", &[]).unwrap_err().to_string();
        assert_eq!(wrong, "2_caf\u{fffd}.sql: its name is not UTF-8");
        assert_eq!(find(worktree.path(), "1*.sql", "main", &[]).unwrap().files.len(), 1);
    }
}
