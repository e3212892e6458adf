//! Opens and creates regular files, and refuses everything else.
//!
//! In: a path. Out: the open file and its path. A link is followed only to a file in its own directory, as `NAME-latest.sql.gz`
//! is. A pipe, a device or a directory is refused at once: opening a pipe does not wait for its writer.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::error::{Error, FileAction};

/// Permissions of created files, whatever the umask: the owner writes, the group reads.
pub(super) const MODE: u32 = 0o640;

/// Opens a file for reading. Returns it with its path; for a link, with the path of its target.
pub(crate) fn open(path: &Path) -> Result<(File, PathBuf), Error> {
    let path = target_of(path)?;
    let file = options(OpenOptions::new().read(true)).open(&path).map_err(|error| {
        // The path is a link: the target of a link, or a link that has just replaced a file.
        let is_link = Errno::from_io_error(&error) == Some(Errno::LOOP);
        if is_link {
            Error::NoFile { path: path.clone() }
        } else {
            Error::file(FileAction::Open, &path)(error)
        }
    })?;
    refuse_others(&file, &path)?;
    Ok((file, path))
}

/// Creates a file. Fails when the path exists.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    let file = options(OpenOptions::new().write(true).read(true).create_new(true)).open(path);
    let file = file.map_err(Error::file(FileAction::Create, path))?;
    set_mode(&file, path)?;
    Ok(file)
}

/// Opens a file for reading and writing and keeps its content. Creates the file if it does not exist.
pub(super) fn open_or_create(path: &Path) -> Result<File, Error> {
    match create(path) {
        Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
        outcome => return outcome,
    }
    let file = options(OpenOptions::new().read(true).write(true)).open(path).map_err(|error| {
        let is_link = Errno::from_io_error(&error) == Some(Errno::LOOP);
        if is_link {
            Error::NoFile { path: path.to_owned() }
        } else {
            Error::file(FileAction::Create, path)(error)
        }
    })?;
    refuse_others(&file, path)?;
    Ok(file)
}

fn options(options: &mut OpenOptions) -> &mut OpenOptions {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    options.mode(MODE).custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
}

fn set_mode(file: &File, path: &Path) -> Result<(), Error> {
    file.set_permissions(fs::Permissions::from_mode(MODE)).map_err(Error::file(FileAction::Create, path))
}

fn refuse_others(file: &File, path: &Path) -> Result<(), Error> {
    let found = file.metadata().map_err(Error::file(FileAction::Read, path))?;
    if found.is_file() { Ok(()) } else { Err(Error::NoFile { path: path.to_owned() }) }
}

/// Returns the path itself, or the target of a link, which must be a bare file name: a file in the same directory.
fn target_of(path: &Path) -> Result<PathBuf, Error> {
    let Ok(target) = fs::read_link(path) else { return Ok(path.to_owned()) };
    let mut parts = target.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => Ok(path.with_file_name(name)),
        _ => Err(Error::NoFile { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_followed_to_its_neighbour_and_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("dump"), "x").unwrap();
        symlink("dump", at("latest")).unwrap();
        symlink("latest", at("second")).unwrap();
        symlink("/etc/passwd", at("out")).unwrap();
        symlink("../x", at("up")).unwrap();
        assert_eq!(open(&at("latest")).unwrap().1, at("dump"));
        for name in ["second", "out", "up", "."] {
            assert!(matches!(open(&at(name)), Err(Error::NoFile { .. })), "{name}");
            assert!(open_or_create(&at(name)).is_err(), "{name}");
        }
        assert!(matches!(open(&at("none")), Err(Error::File { .. })));
    }

    #[test]
    fn a_pipe_is_no_file_and_nobody_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        for refused in [open(&path).err(), open(Path::new("/dev/null")).err(), open_or_create(&path).err()] {
            assert!(matches!(refused, Some(Error::NoFile { .. })), "{refused:?}");
        }
    }

    #[test]
    fn what_is_created_is_new_and_readable_by_the_group() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert!(create(&path).is_err());
        open_or_create(&path).unwrap();
    }
}
