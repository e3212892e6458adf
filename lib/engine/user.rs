//! The user of this host, without rights, as whom a server runs where this tool runs as root.

use std::os::unix::fs::lchown;
use std::path::Path;
use std::process::{Command, Stdio};

use walkdir::WalkDir;

use super::error::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl HostUser {
    /// The user of this name, as `id` knows it; `None` for root, who is no user without rights.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let ask = |flag: &str| {
            let output = Command::new("id").args([flag, "--", name]).stdin(Stdio::null()).output();
            let said = output.ok().filter(|output| output.status.success())?.stdout;
            String::from_utf8_lossy(&said).trim().parse::<u32>().ok()
        };
        let (uid, gid) = (ask("-u")?, ask("-g")?);
        (uid != 0).then_some(Self { uid, gid })
    }

    /// Makes this user the owner of a directory and of all that is in it.
    pub(crate) fn give(self, directory: &Path) -> Result<(), Error> {
        // Each directory after its content: until then this user cannot put anything into it.
        for entry in WalkDir::new(directory).contents_first(true) {
            let entry = entry.map_err(|e| Error::file("read", directory)(e.into()))?;
            // `lchown` changes a link itself, never its target.
            let given = lchown(entry.path(), Some(self.uid), Some(self.gid));
            given.map_err(Error::file("change the owner of", entry.path()))?;
        }
        Ok(())
    }
}
