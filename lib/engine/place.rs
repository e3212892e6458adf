//! What a directory's file system can do.
//!
//! In: a directory. Out: whether it lies on this machine, whether its files can share blocks, what is free.

use std::fs::{self, File};
use std::io::Write;
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

/// The kind of network file system that a directory is on, if it is on one: a server's locks and its speed are lost there.
pub(crate) fn network_file_system(directory: &Path) -> Result<Option<&'static str>, Error> {
    let found = rustix::fs::statfs(directory).map_err(|e| Error::file("look at", directory)(e.into()))?;
    // The type is signed on some machines.
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "magic numbers have 32 bits")]
    let kind = u64::from(found.f_type as u32);
    Ok(ELSEWHERE.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name))
}

/// Whether a copy of a file in this directory can share its blocks: tried, since no name of a file system says it.
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

/// Free bytes.
pub(crate) fn free_bytes(directory: &Path) -> Result<u64, Error> {
    let found = rustix::fs::statvfs(directory).map_err(|e| Error::file("look at", directory)(e.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Everything that was written to the directory's file system is on the disk afterwards.
pub(crate) fn settle(directory: &Path) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::file("sync", directory)(e);
    let opened = File::open(directory).map_err(failed)?;
    rustix::fs::syncfs(&opened).map_err(|e| Error::file("sync", directory)(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
