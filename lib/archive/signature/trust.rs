//! Decides which dumps are trusted.
//!
//! In: `[dump] trust` and a path. Out: an open dump, or why it is not trusted. If `[dump] trust` has no key, every whole dump is
//! trusted that keeps the limits of `DumpFile::open`.

use std::path::Path;

use super::key::fingerprint;
use crate::archive::error::Error;
use crate::archive::file::DumpFile;
use crate::config::{Config, TrustedKey};

/// The keys whose dumps are trusted. Without keys, every whole dump is trusted.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    keys: &'a [TrustedKey],
    /// True when a person accepts a dump without signature (`--unsigned`).
    unsigned: bool,
}

impl<'a> Trust<'a> {
    /// Trusts every whole dump, signed or not.
    pub fn anybody() -> Trust<'static> {
        Trust { keys: &[], unsigned: false }
    }

    /// Trusts the keys of `[dump] trust`; every whole dump, if there are none.
    pub fn of(config: &'a Config) -> Self {
        Self { keys: &config.dump.trust, unsigned: false }
    }

    /// Also accepts a dump without signature if `named` is true: a person has named the file by its path with `--unsigned`.
    pub(crate) fn but_unsigned(self, named: bool) -> Self {
        Self { unsigned: named, ..self }
    }

    /// True when a signature is required.
    pub(crate) fn is_asked_for(self) -> bool {
        !self.keys.is_empty() && !self.unsigned
    }

    /// Opens a dump. Refuses an untrusted dump before anything of it is used.
    pub fn open(self, path: &Path) -> Result<DumpFile, Error> {
        if self.keys.is_empty() {
            return DumpFile::open(path);
        }
        let dump = DumpFile::open_unbounded(path)?;
        let untrusted = |why: String| Err(Error::Untrusted { path: dump.path().to_owned(), why });
        let Some(key) = dump.signed_by() else {
            return if self.unsigned { dump.bounded() } else { untrusted("nobody has signed it".to_owned()) };
        };
        if !self.keys.iter().any(|trusted| trusted.key == *key) {
            return untrusted(format!("the key {} has signed it", fingerprint(key)));
        }
        let name = dump.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let signed = &dump.manifest().file;
        if *signed == name { Ok(dump) } else { untrusted(format!("it was signed as {signed:?}")) }
    }

    /// Refuses SQL of another tool, which cannot be signed, if a signature is required.
    pub(crate) fn foreign(self, path: &Path) -> Result<(), Error> {
        if self.is_asked_for() {
            let why = "it is SQL of another tool, which nobody can sign".to_owned();
            return Err(Error::Untrusted { path: path.to_owned(), why });
        }
        Ok(())
    }

    /// Describes the signer, if there is one: the name that `[dump] trust` gives the key, and its fingerprint.
    pub fn signer(self, dump: &DumpFile) -> Option<String> {
        let key = dump.signed_by()?;
        let known = self.keys.iter().find(|trusted| trusted.key == *key);
        let name = known.and_then(|trusted| trusted.name.as_deref());
        Some(match (known, name) {
            (_, Some(name)) => format!("{name} (key {})", fingerprint(key)),
            (Some(_), None) => format!("key {}", fingerprint(key)),
            (None, None) => format!("key {}, which [dump] trust does not name", fingerprint(key)),
        })
    }
}
