//! Who a server runs as, where we are root: a user of this host without rights.

use std::os::unix::fs::lchown;
use std::path::Path;
use std::process::{Command, Stdio};

use walkdir::WalkDir;

use super::error::Error;

/// A user of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl HostUser {
    /// Who a name is, as this host knows it; nothing for root, which is no user without rights.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let ask = |flag: &str| {
            let output = Command::new("id").args([flag, "--", name]).stdin(Stdio::null()).output();
            let said = output.ok().filter(|output| output.status.success())?.stdout;
            String::from_utf8_lossy(&said).trim().parse::<u32>().ok()
        };
        let (uid, gid) = (ask("-u")?, ask("-g")?);
        (uid != 0).then_some(Self { uid, gid })
    }

    /// Gives it a directory and all that is in it.
    pub(crate) fn give(self, directory: &Path) -> Result<(), Error> {
        // Last what they are in: until then nobody else can put something there.
        for entry in WalkDir::new(directory).contents_first(true) {
            let entry = entry.map_err(|e| Error::file("read", directory)(e.into()))?;
            // Never what a link points to.
            let given = lchown(entry.path(), Some(self.uid), Some(self.gid));
            given.map_err(Error::file("change the owner of", entry.path()))?;
        }
        Ok(())
    }
}
