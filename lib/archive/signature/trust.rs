//! Which dumps are believed.
//!
//! In: `[dump] trust`. Out: an opened dump, or why it is not believed. Without a key there, every whole dump is, within the bounds
//! of the strict reader.

use std::path::Path;

use super::key::fingerprint;
use crate::archive::error::Error;
use crate::archive::file::DumpFile;
use crate::config::{Config, TrustedKey};

/// The keys whose dumps are believed; none: everybody's.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    keys: &'a [TrustedKey],
    /// Whether a person has named a file that nobody signed.
    unsigned: bool,
}

impl<'a> Trust<'a> {
    /// Believes every whole dump, whoever signed it or nobody.
    pub fn anybody() -> Trust<'static> {
        Trust { keys: &[], unsigned: false }
    }

    /// Believes whom `[dump] trust` names; everybody, if it names nobody.
    pub fn of(config: &'a Config) -> Self {
        Self { keys: &config.dump.trust, unsigned: false }
    }

    /// The same for a file that a person named although nobody has signed it.
    pub(crate) fn but_unsigned(self, named: bool) -> Self {
        Self { unsigned: named, ..self }
    }

    /// Whether a signature is asked for.
    pub(crate) fn is_asked_for(self) -> bool {
        !self.keys.is_empty() && !self.unsigned
    }

    /// Opens a dump. One that is not believed is refused before anything of it is used.
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

    /// Refuses what nobody can have signed.
    pub(crate) fn foreign(self, path: &Path) -> Result<(), Error> {
        if self.is_asked_for() {
            let why = "it is SQL of another tool, which nobody can sign".to_owned();
            return Err(Error::Untrusted { path: path.to_owned(), why });
        }
        Ok(())
    }

    /// Who signed a dump, in words: the name that the configuration has for the key, and its fingerprint.
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
