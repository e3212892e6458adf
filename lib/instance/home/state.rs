//! What a target is now: which generation is in use, was before, is being switched to. The switch is one rename of this file.

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

/// What a target is now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TargetState {
    /// Where it listens, the same after every refresh.
    pub(crate) port: u16,
    /// Whether it is to run.
    pub(crate) up: bool,
    /// The generation in use.
    pub(crate) current: Option<String>,
    /// The one before, for `undo`.
    pub(crate) previous: Option<String>,
    /// A switch to this one has begun, and is not over.
    pub(crate) next: Option<String>,
    /// What is known of each generation, by its name.
    pub(crate) generations: BTreeMap<String, Generation>,
}

/// One copy of a template, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Generation {
    /// File name of the dump.
    pub(crate) dump: String,
    /// Branch or tag whose migrations ran, if any did.
    #[serde(default)]
    pub(crate) reference: Option<String>,
    /// The commit that it stood for.
    #[serde(default)]
    pub(crate) commit: Option<String>,
    /// When it was made from the dump.
    pub(crate) at: Timestamp,
    /// The database that migrations run on.
    pub(crate) database: String,
    /// The server program that it runs with.
    pub(crate) program: ServerProgram,
    /// The address at which it listens.
    pub(crate) bind: String,
    /// Lines of its option file. It is started again as it was made, whatever `refresh.toml` says by then.
    pub(crate) settings: String,
    /// Whether it can be put back to what it was.
    pub(crate) base: bool,
}

impl TargetState {
    /// The generation in use.
    pub(crate) fn in_use(&self) -> Option<(&str, &Generation)> {
        let name = self.current.as_deref()?;
        Some((name, self.generations.get(name)?))
    }

    /// Forgets what is not in use any more. What is left of it on the disk belongs to nobody then.
    pub(crate) fn forget_others(&mut self) {
        let kept = [&self.current, &self.previous, &self.next].map(Clone::clone);
        self.generations.retain(|name, _| kept.iter().flatten().any(|kept| kept == name));
    }
}

/// Reads a file of JSON; nothing if it is not there.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(Error::file("read", path))?,
    };
    let parsed = serde_json::from_slice(&text).map_err(|e| std::io::Error::new(ErrorKind::InvalidData, e));
    parsed.map(Some).map_err(Error::file("read", path))
}

/// Writes one such that it is there as a whole or not at all, also after a power cut.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(value).expect("only string keys");
    write(path, &text)
}

/// Writes any text in the same way: as a new file, which is then renamed.
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
        // Half a file of a killed run is in nobody's way.
        fs::write(folder.path().join("state.new"), "{").unwrap();
        write_json(&path, &TargetState::default()).unwrap();
        assert_eq!(read_json::<TargetState>(&path).unwrap(), Some(TargetState::default()));
        fs::write(&path, "{").unwrap();
        assert!(read_json::<TargetState>(&path).is_err());
    }
}
