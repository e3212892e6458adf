//! `state.json`: which generation of a target is in use, previous and next. A switch takes effect by one rename of this file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::error::Error;
use crate::engine::ServerProgram;

/// The content of a target's `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TargetState {
    /// TCP port of the instance. A refresh keeps it unless `refresh.toml` names another. 0 before the first refresh.
    pub(crate) port: u16,
    /// True when the instance is meant to run; false after `down`.
    pub(crate) up: bool,
    /// Name of the generation in use.
    pub(crate) current: Option<String>,
    /// Name of the generation before, for `undo`.
    pub(crate) previous: Option<String>,
    /// Name of the generation to which a switch has begun and not ended.
    pub(crate) next: Option<String>,
    /// The generations, by name.
    pub(crate) generations: BTreeMap<String, Generation>,
}

/// One copy of a template, and how its server runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Generation {
    /// File name of the dump.
    pub(crate) dump: String,
    /// Branch or tag whose migrations ran on it, if any did.
    #[serde(default)]
    pub(crate) reference: Option<String>,
    /// Commit of that branch or tag.
    #[serde(default)]
    pub(crate) commit: Option<String>,
    /// When the refresh made it.
    pub(crate) at: Timestamp,
    /// Database for `set`, `after` and migrations; all names, with commas, if none of several is chosen.
    pub(crate) database: String,
    /// The server program that runs it.
    pub(crate) program: ServerProgram,
    /// Address at which its server listens.
    pub(crate) bind: String,
    /// Lines of its option file. It always starts with these, even if `refresh.toml` has changed since.
    pub(crate) settings: String,
    /// True when `base` is kept, so that `reset` is possible.
    pub(crate) base: bool,
}

impl TargetState {
    /// Returns the generation in use, with its name.
    pub(crate) fn in_use(&self) -> Option<(&str, &Generation)> {
        let name = self.current.as_deref()?;
        Some((name, self.generations.get(name)?))
    }

    /// Removes all generations but the current, previous and next one from the state. `sweep` removes their directories.
    pub(crate) fn forget_others(&mut self) {
        let kept = [&self.current, &self.previous, &self.next].map(Clone::clone);
        self.generations.retain(|name, _| kept.iter().flatten().any(|kept| kept == name));
    }
}

/// Reads a file of JSON; `None` if it does not exist.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(Error::file("read", path))?,
    };
    let parsed = serde_json::from_slice(&text).map_err(|e| std::io::Error::new(ErrorKind::InvalidData, e));
    parsed.map(Some).map_err(Error::file("read", path))
}

/// Writes a value as JSON, with [`write()`].
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(value).expect("only string keys");
    write(path, &text)
}

/// Writes a file, synced and by rename: after a power cut it is the old one or the new one as a whole.
pub(crate) fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("new");
    let _ = fs::remove_file(&temporary);
    let written = (|| {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    })();
    written.map_err(Error::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_replaced_as_a_whole_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(read_json::<TargetState>(&path).unwrap(), None);
        let state =
            TargetState { port: 3317, up: true, current: Some("g2".to_owned()), ..TargetState::default() };
        write_json(&path, &state).unwrap();
        assert_eq!(read_json::<TargetState>(&path).unwrap(), Some(state));
        // A half-written file of a killed run does not prevent the next write.
        fs::write(folder.path().join("state.new"), "{").unwrap();
        write_json(&path, &TargetState::default()).unwrap();
        assert_eq!(read_json::<TargetState>(&path).unwrap(), Some(TargetState::default()));
        fs::write(&path, "{").unwrap();
        assert!(read_json::<TargetState>(&path).is_err());
    }
}
