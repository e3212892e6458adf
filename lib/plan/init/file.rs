//! The file on disk: a new one that replaces nothing, or a new text in the place of an old one.
//!
//! In: a path, a text. Out: the file, whole or not there: temporary name, fsync, and then its own name.

use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

/// Writes a new file. One that there is stays as it is, whoever made it meanwhile.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_directory(path)
}

/// Puts a text in the place of what a file says: it keeps its owner and its mode, and a link stays one.
/// What somebody wrote into it meanwhile is not lost: then it stays as it is.
pub(crate) fn replace(path: &Path, known: &str, text: &str) -> Result<()> {
    let path = &path.canonicalize()?;
    let old = std::fs::metadata(path)?;
    if !old.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no file"));
    }
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    let new = file.as_file().metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        chown(file.path(), Some(old.uid()), Some(old.gid()))?;
    }
    file.as_file().set_permissions(old.permissions())?;
    file.as_file().sync_all()?;
    if std::fs::read(path)? != known.as_bytes() {
        return Err(Error::other("somebody changed it meanwhile: run this again"));
    }
    file.persist(path).map_err(|error| error.error)?;
    sync_directory(path)
}

fn beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".refresh-").suffix(".toml").tempfile_in(directory(path))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_directory(path: &Path) -> Result<()> {
    File::open(directory(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_there_is_is_not_replaced_by_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("refresh.toml");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("real.toml"), directory.path().join("refresh.toml"));
        std::fs::write(&path, "one").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o604)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(replace(&link, "another", "two").is_err(), "somebody wrote into it");
        replace(&link, "one", "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o604);
        assert!(link.is_symlink());
    }
}
