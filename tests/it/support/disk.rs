//! A file system of a test's own, in a file that is mounted: XFS, whose files can share blocks, or ext4, whose cannot.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory that other users may pass through, on a file system of its own where that can be had.
#[derive(Debug)]
pub(crate) struct Disk {
    directory: tempfile::TempDir,
    mounted: Vec<PathBuf>,
    /// What it is; without root, whatever the temporary directory is on.
    pub(crate) kind: Option<&'static str>,
}

impl Disk {
    /// Makes and mounts one; where that is not allowed, a directory, and the test says so.
    pub(crate) fn of(kind: &'static str, mebibytes: u64) -> Self {
        let directory = tempfile::Builder::new().prefix("rk-disk").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let (image, at) = (directory.path().join("image"), directory.path().join("m"));
        std::fs::create_dir(&at).unwrap();
        std::fs::set_permissions(&at, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
        let options: &[&str] =
            if kind == "xfs" { &["-q", "-m", "reflink=1"] } else { &["-q", "-F", "-m", "0"] };
        let program = format!("/usr/sbin/mkfs.{kind}");
        let made = Command::new(&program).args(options).arg(&image).output();
        let mut disk = Self { directory, mounted: Vec::new(), kind: None };
        let why = match made {
            Err(e) => format!("{program}: {e}"),
            Ok(output) if !output.status.success() => String::from_utf8_lossy(&output.stderr).into_owned(),
            Ok(_) => match disk.mount(&["-o", "loop"], &image, &at) {
                Ok(()) => {
                    disk.kind = Some(kind);
                    return disk;
                }
                Err(why) => why,
            },
        };
        eprintln!("without a file system of its own, on that of {}: {}", at.display(), why.trim());
        disk
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("m")
    }

    /// A server program where every user can read it: one that was unpacked where only root can go is mounted here too.
    pub(crate) fn program(&mut self, path: &Path) -> PathBuf {
        let open =
            |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
        if !rustix::process::geteuid().is_root() || path.ancestors().skip(1).all(open) {
            return path.to_owned();
        }
        let (from, at) = (path.parent().unwrap(), self.directory.path().join("server"));
        if !at.exists() {
            std::fs::create_dir(&at).unwrap();
            if let Err(why) = self.mount(&["--bind"], from, &at) {
                eprintln!("copying {}, which cannot be mounted elsewhere: {why}", from.display());
                let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(&at).status().unwrap();
                assert!(copied.success());
            }
        }
        at.join(path.file_name().unwrap())
    }

    fn mount(&mut self, options: &[&str], what: &Path, at: &Path) -> Result<(), String> {
        let output = Command::new("mount").args(options).arg(what).arg(at).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        self.mounted.push(at.to_owned());
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for at in &self.mounted {
            // Lazily: a server that has just ended may still be letting go of its files.
            let _ = Command::new("umount").arg("-l").arg(at).status();
        }
    }
}
