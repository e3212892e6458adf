//! Directories for servers, and what their file systems can do.
//!
//! In: a directory. Out: whether a server's data may be there, whether its files can share blocks, how much room is free.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use super::error::Error;

/// File systems whose files are on another machine (statfs(2)): NFS, CIFS, SMB2, AFS, Ceph, 9P.
const ELSEWHERE: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x5346_414F, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x0102_1997, "9P"),
];

/// Makes a directory that only this user can enter, and missing ones above it: for data, sockets, temporary files of a server.
pub(crate) fn make_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::file("create", path))
}

/// The kind of network file system that a directory is on, if it is on one: a server's locks do not work there, and it is slow.
pub(crate) fn network_file_system(directory: &Path) -> Result<Option<&'static str>, Error> {
    let found = rustix::fs::statfs(directory).map_err(|e| Error::file("look at", directory)(e.into()))?;
    // `f_type` is signed on some machines.
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "magic numbers have 32 bits")]
    let kind = u64::from(found.f_type as u32);
    Ok(elsewhere(kind))
}

fn elsewhere(kind: u64) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// Why a server's data must not be in a directory, if that is so: another user may write into it or replace it, or it is not on
/// this host. With `as_other` the server runs as another user, who must be able to pass every directory above it.
pub(crate) fn unfit(root: &Path, as_other: bool) -> Result<Option<String>, Error> {
    let found = fs::symlink_metadata(root).map_err(Error::file("look at", root))?;
    if !found.is_dir() {
        return Ok(Some("it is no directory".to_owned()));
    }
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us {
        return Ok(Some(format!("it belongs to user {}, not to the one that runs this tool", found.uid())));
    }
    if found.mode() & 0o022 != 0 {
        let mode = found.mode() & 0o7777;
        return Ok(Some(format!("others may write into it (mode {mode:o}): chmod go-w")));
    }
    if let Some(kind) = network_file_system(root)? {
        return Ok(Some(format!("it is on {kind}, and databases belong on a disk of this host")));
    }
    for above in root.ancestors().skip(1) {
        let found = fs::symlink_metadata(above).map_err(Error::file("look at", above))?;
        let (sticky, name) = (found.mode() & 0o1000 != 0, above.display());
        if ![0, us].contains(&found.uid()) {
            return Ok(Some(format!("{name} belongs to user {}, who could replace it", found.uid())));
        }
        if found.mode() & 0o022 != 0 && !sticky {
            let mode = found.mode() & 0o7777;
            return Ok(Some(format!("others may write into {name} (mode {mode:o}): chmod go-w")));
        }
        if as_other && found.mode() & 0o001 == 0 {
            return Ok(Some(format!("the servers' user cannot pass through {name}")));
        }
    }
    Ok(None)
}

/// Whether a copy of a file in this directory can share its blocks. Tries it, since the name of a file system does not tell.
pub(crate) fn shares_blocks(directory: &Path) -> Result<bool, Error> {
    let [from, to] =
        ["from", "to"].map(|end| directory.join(format!(".reflink-{}-{end}", std::process::id())));
    let tried = (|| {
        let mut source = File::options().read(true).write(true).create(true).truncate(true).open(&from)?;
        source.write_all(&[1; 4096])?;
        let target = File::create(&to)?;
        Ok(rustix::fs::ioctl_ficlone(&target, &source).is_ok())
    })();
    for file in [&from, &to] {
        let _ = fs::remove_file(file);
    }
    tried.map_err(Error::file("write in", directory))
}

/// The name of this host, as its kernel has it.
pub(crate) fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// The device of the disk that a directory is on, if it is there.
pub(crate) fn device_of(directory: &Path) -> Option<u64> {
    fs::metadata(directory).ok().filter(fs::Metadata::is_dir).map(|found| found.dev())
}

/// Bytes that a user other than root can still write to the directory's file system.
pub(crate) fn free_bytes(directory: &Path) -> Result<u64, Error> {
    let found = rustix::fs::statvfs(directory).map_err(|e| Error::file("look at", directory)(e.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Waits until everything that was written to the directory's file system is on the disk.
pub(crate) fn sync_file_system(directory: &Path) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::file("sync", directory)(e);
    let opened = File::open(directory).map_err(failed)?;
    rustix::fs::syncfs(&opened).map_err(|e| Error::file("sync", directory)(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_above_a_directory_could_replace_it() {
        use std::os::unix::fs::{PermissionsExt, chown};
        let home = tempfile::tempdir().unwrap();
        let (above, root) = (home.path().join("above"), home.path().join("above/root"));
        fs::create_dir_all(&root).unwrap();
        let mode =
            |path: &Path, mode: u32| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let why = |as_other: bool| unfit(&root, as_other).unwrap().unwrap_or_default();
        for (path, bits) in [(home.path(), 0o711), (&above, 0o711), (&root, 0o711)] {
            mode(path, bits);
        }
        assert_eq!((why(false), why(true)), (String::new(), String::new()));
        mode(&above, 0o1777);
        assert_eq!(why(false), "", "nobody replaces what is another's in a sticky directory");
        mode(&above, 0o770);
        assert!(why(false).contains("others may write into") && why(false).contains("above (mode 770)"));
        mode(&above, 0o700);
        assert_eq!(why(false), "");
        assert!(why(true).contains("the servers' user cannot pass through"), "{}", why(true));
        mode(&above, 0o711);
        mode(&root, 0o777);
        assert!(why(false).starts_with("others may write into it"));
        mode(&root, 0o711);
        // Only root can change the owner of a directory; without root this part is left out.
        if rustix::process::geteuid().is_root() {
            chown(&above, Some(65_534), None).unwrap();
            assert!(why(false).contains("belongs to user 65534, who could replace it"), "{}", why(false));
            chown(&above, Some(0), None).unwrap();
            chown(&root, Some(65_534), None).unwrap();
            assert!(why(false).starts_with("it belongs to user 65534"));
        }
        assert!(
            unfit(Path::new("/etc/hostname"), false).unwrap().is_some_and(|why| why == "it is no directory")
        );
    }

    #[test]
    fn nfs_is_no_place_and_what_is_of_this_host_is_one() {
        // Magic numbers of the kernel's include/uapi/linux/magic.h. No test can mount NFS without its server.
        let nfs = u64::try_from(rustix::fs::NFS_SUPER_MAGIC).unwrap();
        assert_eq!(elsewhere(nfs), Some("NFS"));
        for (xfs_btrfs_ext4_tmpfs, name) in
            [(0x5846_5342, "XFS"), (0x9123_683E, "btrfs"), (0xEF53, "ext4"), (0x0102_1994, "tmpfs")]
        {
            assert_eq!(elsewhere(xfs_btrfs_ext4_tmpfs), None, "{name}");
        }
    }

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        shares_blocks(directory.path()).unwrap();
        assert_eq!(network_file_system(directory.path()).unwrap(), None);
        assert!(free_bytes(directory.path()).unwrap() > 0);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(shares_blocks(&directory.path().join("nowhere")).is_err());
    }
}
