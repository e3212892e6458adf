//! Where `refresh.toml` and the state are found: flag, environment, the usual places.
//!
//! In: the path from `--config`, or the environment. Out: a path.

use std::path::{Path, PathBuf};

use super::error::Error;

/// The configuration file to use: the flag's, `$REFRESH_CONFIG`, `./refresh.toml`, `/etc/refreshkit/refresh.toml`.
pub fn find(flag: Option<&Path>) -> Option<PathBuf> {
    let named = flag.map(Path::to_owned).or_else(|| environment("REFRESH_CONFIG").map(PathBuf::from));
    named.or_else(|| {
        ["refresh.toml", "/etc/refreshkit/refresh.toml"].iter().map(PathBuf::from).find(|path| path.is_file())
    })
}

/// A variable of the environment that the configuration names, such as `password_env`.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// Where journals and the copy's option files are kept: `$REFRESH_STATE_DIR`, for root `/var/lib/refreshkit`, else
/// `$XDG_STATE_HOME/refreshkit` (XDG Base Directory Specification: absolute, `~/.local/state` if not set).
pub fn state_dir() -> Result<PathBuf, Error> {
    if let Some(named) = environment("REFRESH_STATE_DIR") {
        return Ok(PathBuf::from(named));
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/refreshkit"));
    }
    let given = environment("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    match given.or_else(home) {
        Some(base) => Ok(base.join("refreshkit")),
        // A directory that everybody may write to is no place for the copy's password.
        None => Err(Error::Environment {
            name: "REFRESH_STATE_DIR",
            problem: "is not set, and HOME neither".into(),
        }),
    }
}
