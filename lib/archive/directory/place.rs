//! The path of the dump directory, and the check of who may write into it.
//!
//! In: the configuration, and what the directory is wanted for. Out: its path, or why the directory is not used.
//!
//! ```text
//! the owner is our user, root or [dump] owner      an owner can replace every dump in the directory
//! not everybody may write into it                  /tmp is refused, with or without its sticky bit
//! its group may write into it                      an EFS that writer and readers share: members of the group are trusted
//! ```
//!
//! With `[dump] trust` set, any directory is accepted for reading: the signature proves each dump.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::error::{Error, FileAction, Purpose};
use super::super::signature::Trust;
use crate::config::{self, Config};

/// The permission bit that lets everybody write.
const EVERYBODY_WRITES: u32 = 0o002;

/// Returns `wish`, or `[dump] dir`. The directory must exist. It is never created: where a network file system is not
/// mounted, the dumps would fill the disk of the mount point.
pub(crate) fn directory(config: &Config, wish: Option<&Path>, purpose: Purpose) -> Result<PathBuf, Error> {
    let configured = config.dump.dir.as_ref().filter(|directory| !directory.is_empty()).map(PathBuf::from);
    let directory = wish.map(Path::to_owned).or(configured);
    let directory = directory.ok_or(config::Error::Unset { setting: "[dump] dir" })?;
    match fs::metadata(&directory) {
        Ok(found) if found.is_dir() => {
            let by_itself = purpose == Purpose::Reading && Trust::of(config).is_asked_for();
            if !by_itself {
                refuse_others(&directory, &found, config.dump.owner)?;
            }
            Ok(directory)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let action = match purpose {
                Purpose::Reading => FileAction::List,
                Purpose::Writing => FileAction::Read,
            };
            Err(Error::file(action, &directory)(error))
        }
        _ => Err(Error::NoDirectory { directory, purpose }),
    }
}

fn refuse_others(directory: &Path, found: &Metadata, owner: Option<u32>) -> Result<(), Error> {
    if found.mode() & EVERYBODY_WRITES != 0 {
        return Err(Error::OpenDirectory { directory: directory.to_owned() });
    }
    let own = rustix::process::geteuid().as_raw();
    if [own, 0].contains(&found.uid()) || owner == Some(found.uid()) {
        return Ok(());
    }
    Err(Error::OthersDirectory { directory: directory.to_owned(), owner: found.uid() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::{DumpConfig, TrustedKey};

    fn config(dump: DumpConfig) -> Config {
        Config { dump, ..Config::default() }
    }

    #[test]
    fn a_directory_in_which_everybody_writes_is_none_unless_signatures_are_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let at = |config: &Config, purpose| directory(config, Some(place.path()), purpose);
        let trust = vec![TrustedKey { key: [7; 32], name: None }];
        let (plain, signed) =
            (config(DumpConfig::default()), config(DumpConfig { trust, ..DumpConfig::default() }));
        for (mode, open) in [(0o777, true), (0o1777, true), (0o775, false), (0o700, false), (0o2770, false)] {
            fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
            for purpose in [Purpose::Reading, Purpose::Writing] {
                let refused = matches!(at(&plain, purpose), Err(Error::OpenDirectory { .. }));
                assert_eq!(refused, open, "{mode:o}");
            }
            at(&signed, Purpose::Reading).unwrap();
            assert_eq!(at(&signed, Purpose::Writing).is_err(), open, "{mode:o}");
        }
    }

    #[test]
    fn whoever_owns_it_is_us_or_root_or_named() {
        let place = tempfile::tempdir().unwrap();
        let found = fs::metadata(place.path()).unwrap();
        refuse_others(place.path(), &found, None).unwrap();
        // Only root can give a directory away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(place.path(), Some(4242), None).unwrap();
            let found = fs::metadata(place.path()).unwrap();
            let refused = refuse_others(place.path(), &found, None);
            assert!(matches!(refused, Err(Error::OthersDirectory { owner: 4242, .. })));
            assert!(refuse_others(place.path(), &found, Some(7)).is_err());
            refuse_others(place.path(), &found, Some(4242)).unwrap();
        }
    }
}
