//! The owner: an id of a state directory, made once, that resources at the service are tagged with.
//!
//! In: a state directory. Out: the file `<state dir>/owner` with the host's name, for people, and 64 random bits. The owner
//! distinguishes two hosts whose runs have the same name. `[snapshot] owner` replaces it, for example on a host that must delete
//! what a lost host made.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::journal::{JournalError, prepare};

/// The most characters of a host's name in an id.
const HOST_CHARS_MAX: usize = 12;

/// The owner of a state directory; `None` if it has none yet.
pub fn owner_of(state_dir: &Path) -> Result<Option<String>, JournalError> {
    let path = file(state_dir);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => Err(JournalError::NoOwner { path }),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(JournalError::File { deed: "read", path, source }),
    }
}

/// The owner of a state directory; makes a new one if it has none.
pub fn owner_or_new(state_dir: &Path) -> Result<String, JournalError> {
    if let Some(known) = owner_of(state_dir)? {
        return Ok(known);
    }
    prepare(state_dir)?;
    let path = file(state_dir);
    let fail = |source| JournalError::File { deed: "write", path: path.clone(), source };
    let owner = format!("{}-{:016x}", host_word(), rand::random::<u64>());
    let mut temporary = tempfile::NamedTempFile::new_in(state_dir).map_err(fail)?;
    writeln!(temporary, "{owner}").map_err(fail)?;
    temporary.as_file().set_permissions(fs::Permissions::from_mode(0o600)).map_err(fail)?;
    temporary.as_file().sync_all().map_err(fail)?;
    match temporary.persist_noclobber(&path) {
        Ok(_) => File::open(state_dir).and_then(|directory| directory.sync_all()).map_err(fail)?,
        // Another tool wrote the file first: its id is used.
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(fail(error.error)),
    }
    Ok(owner_of(state_dir)?.unwrap_or(owner))
}

/// The host's name as part of an id: lower-case letters and digits of its first label, or `host`.
pub(super) fn host_word() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let label = name.split('.').next().unwrap_or_default();
    let word: String = label.chars().filter(char::is_ascii_alphanumeric).take(HOST_CHARS_MAX).collect();
    if word.is_empty() { "host".to_owned() } else { word }
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("owner")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_directory_has_one_owner_for_ever_and_another_one_another() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        assert_eq!(owner_of(&a).unwrap(), None);
        let made: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| owner_or_new(&a).unwrap())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 1, "{made:?}");
        assert_eq!(owner_of(&a).unwrap(), made.first().cloned());
        assert_ne!(Some(&owner_or_new(&b).unwrap()), made.first());
        assert!(made.first().unwrap().starts_with(&host_word()));
    }

    #[test]
    fn an_empty_owner_is_no_owner() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("owner"), "\n").unwrap();
        assert!(matches!(owner_or_new(folder.path()), Err(JournalError::NoOwner { .. })));
    }
}
