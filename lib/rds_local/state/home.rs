//! The directory on disk: its layout, its lock, and how the resources are kept in it.
//!
//! ```text
//! DIR/rds-local.json                    the marker: which server program; a directory without it is not touched
//! DIR/clusters/ID/{meta.json,secrets.json,data/,log}          DIR/plain/…           the same for plain RDS instances
//! DIR/snapshots/ID/{meta.json,secrets.json,data/}             DIR/plain-snapshots/…
//! DIR/instances/ID/meta.json            DIR/events.json       DIR/trash/            directories that are being deleted
//! DIR/server_public_key.pem             with it MySQL's clients encrypt passwords; the same for every server of DIR
//! ```
//!
//! Files are replaced by rename, so `kill -9` leaves the old file or the new one. They are not fsynced: a power cut may lose
//! them.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::model::MARKER;
use crate::engine::{ServerProgram, make_directory};
use crate::rds_local::error::Error;

/// File names of MySQL's pair of RSA keys: in a data directory, and in `root`.
const KEYS: [(&str, &str); 2] =
    [("private_key.pem", "server_private_key.pem"), ("public_key.pem", "server_public_key.pem")];

/// Name of the file that describes a resource.
pub(crate) const META: &str = "meta.json";

/// The passwords of a data directory. They have a file of their own, so that none is in `meta.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPasswords {
    /// Password of the internal account, which has all rights and changes the master's password.
    pub(crate) admin: StoredPassword,
    /// A master password that is not yet in force.
    pub(crate) pending: Option<StoredPassword>,
    /// The master password, if the service itself made it and keeps it in Secrets Manager.
    #[serde(default)]
    pub(crate) kept: Option<StoredPassword>,
}

/// A password that `Debug` does not show.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredPassword(pub(crate) String);

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// A directory of ours, locked for this process.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    pub(crate) root: PathBuf,
    pub(crate) program: ServerProgram,
    _lock: File,
}

impl StateDirectory {
    /// Makes the directory, or opens one that `init` made before. Fails if it holds anything else.
    pub(crate) fn create(root: &Path, program: &ServerProgram) -> Result<Self, Error> {
        make_directory(root)?;
        let root = root.canonicalize().map_err(Error::file("open", root))?;
        let marker = root.join(MARKER);
        let empty = fs::read_dir(&root).map_err(Error::file("read", &root))?.next().is_none();
        if !marker.exists() {
            if !empty {
                return Err(Error::NotEmpty { path: root });
            }
            write_json(&marker, program)?;
        }
        Self::open(&root)
    }

    /// Opens and locks a directory that has our marker. Fails if another process holds the lock.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let marker = root.join(MARKER);
        if !marker.exists() {
            return Err(Error::NotOurs { path: root.to_owned() });
        }
        let root = root.canonicalize().map_err(Error::file("open", root))?;
        let lock_path = root.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(Error::file("open", &lock_path))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::Busy { path: root.clone() })?;
        for folder in ["clusters", "plain", "snapshots", "plain-snapshots", "instances", "trash"] {
            make_directory(&root.join(folder))?;
        }
        Ok(Self { program: read_json(&marker)?, root, _lock: lock })
    }

    /// Path of a cluster's directory.
    pub(crate) fn cluster(&self, key: &str) -> PathBuf {
        self.keyed("clusters", "plain", key)
    }

    /// Path of a snapshot's directory.
    pub(crate) fn snapshot(&self, key: &str) -> PathBuf {
        self.keyed("snapshots", "plain-snapshots", key)
    }

    /// Path of an instance's directory.
    pub(crate) fn instance(&self, id: &str) -> PathBuf {
        self.root.join("instances").join(id)
    }

    /// Path of the public key that all servers here share, if there is one.
    pub(crate) fn server_public_key(&self) -> Option<PathBuf> {
        Some(self.root.join(KEYS[1].1)).filter(|path| path.exists())
    }

    /// Copies the shared pair of RSA keys into a data directory, or makes that directory's pair the shared one if there is none.
    /// So one public key serves for logins to all servers. MariaDB has no such keys.
    pub(crate) fn give_keys(&self, data: &Path) -> Result<(), Error> {
        let pairs = KEYS.map(|(name, ours)| (data.join(name), self.root.join(ours)));
        let ours = pairs.iter().all(|(_, ours)| ours.exists());
        if !ours && !pairs.iter().all(|(theirs, _)| theirs.exists()) {
            return Ok(());
        }
        for (theirs, here) in pairs {
            let (from, to) = if ours { (here, theirs) } else { (theirs, here) };
            fs::copy(&from, &to).map_err(Error::file("copy", &from))?;
        }
        Ok(())
    }

    fn keyed(&self, clustered: &str, plain: &str, key: &str) -> PathBuf {
        match key.strip_prefix("plain:") {
            Some(id) => self.root.join(plain).join(id),
            None => self.root.join(clustered).join(key),
        }
    }

    /// Reads all resources of a kind. Removes directories without `meta.json`: an interrupted run left them.
    pub(crate) fn load<T: DeserializeOwned>(&self, folders: &[&str]) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for folder in folders.iter().map(|folder| self.root.join(folder)) {
            for entry in fs::read_dir(&folder).map_err(Error::file("read", &folder))? {
                let path = entry.map_err(Error::file("read", &folder))?.path();
                if path.join(META).exists() {
                    all.push(read_json(&path.join(META))?);
                } else {
                    self.discard(&path)?;
                }
            }
        }
        Ok(all)
    }

    /// Deletes a directory, if it is there. Moves it away first, so that one of the same name can be made at once.
    pub(crate) fn discard(&self, path: &Path) -> Result<(), Error> {
        self.move_away(path)?.map_or(Ok(()), |away| remove_all(&away))
    }

    /// Moves a directory into `trash/`. Returns its new path, or `None` if it was not there.
    pub(crate) fn move_away(&self, path: &Path) -> Result<Option<PathBuf>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let away = self.root.join("trash").join(format!("{:016x}", rand::random::<u64>()));
        fs::rename(path, &away).map_err(Error::file("move away", path))?;
        Ok(Some(away))
    }

    /// Deletes what an interrupted deletion left in `trash/`.
    pub(crate) fn empty_trash(&self) -> Result<(), Error> {
        let trash = self.root.join("trash");
        remove_all(&trash)?;
        Ok(make_directory(&trash)?)
    }
}

/// Deletes a directory with its contents; does nothing if it is not there.
pub(crate) fn remove_all(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file("delete", path)(e)),
        _ => Ok(()),
    }
}

/// Writes a value as JSON, with [`write_file`].
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    write_file(path, &serde_json::to_vec_pretty(value).expect("our types have only string keys"))
}

/// Writes a file that only this user can read. Replaces an old one by rename.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fail = Error::file("write", path);
    let write = || {
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        temporary.write_all(bytes)?;
        temporary.persist(path).map_err(|e| e.error)
    };
    write().map(|_| ()).map_err(fail)
}

/// Reads a file of JSON. Fails with `Damaged` if it cannot be parsed.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Damaged { path: path.to_owned(), source })
}
