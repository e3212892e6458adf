//! Where the directory is, and who else may write in it.
//!
//! In: the configuration, what the directory is wanted for. Out: its path, or why no dump is written there or believed from there.
//!
//! ```text
//! it is ours, root's, or that of [dump] owner      whoever owns it can replace every dump in it
//! not everybody may write in it                    /tmp, with or without its sticky bit
//! its group may                                    an EFS that the night and the readers share: who is in the group is believed
//! ```
//!
//! Whoever asks for signatures ([dump] trust) reads from anywhere: what he reads is proven by itself.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::error::{Error, FileAction, Purpose};
use super::super::signature::Trust;
use crate::config::{self, Config};

/// The bit of a mode that lets everybody write.
const EVERYBODY_WRITES: u32 = 0o002;

/// The directory of the configuration, which must be there. It is never made: where a network file system is not
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
