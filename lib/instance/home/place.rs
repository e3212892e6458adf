//! The directory of one target: its state, its generations, its passwords.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::error::Error;
use super::InstanceHome;
use super::state::{TargetState, read_json, write, write_json};
use crate::engine;
use crate::house::{Cancel, House};

/// The directory of one target and what is read from it. To change it, hold the target's lock.
#[derive(Debug)]
pub(crate) struct TargetPlace<'a> {
    pub(crate) home: &'a InstanceHome,
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) state: TargetState,
    pub(crate) secrets: PlacePasswords,
}

/// The passwords of a target's accounts, kept in `secrets.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PlacePasswords {
    /// Password of our own account, the administrator.
    pub(crate) admin: String,
    /// Password of the developer's account, which `client.cnf` holds.
    pub(crate) developer: String,
}

impl PlacePasswords {
    fn new() -> Self {
        Self { admin: engine::new_password(), developer: engine::new_password() }
    }
}

impl<'a> TargetPlace<'a> {
    /// Opens the place of a target. Makes its directory and passwords if they do not exist.
    pub(crate) fn open(home: &'a InstanceHome, name: &str) -> Result<Self, Error> {
        home.make(&home.target(name))?;
        let mut place = Self::look(home, name)?;
        if place.secrets.admin.is_empty() {
            place.secrets = PlacePasswords::new();
            write_json(&place.dir.join("secrets.json"), &place.secrets)?;
        }
        Ok(place)
    }

    /// Reads a target's place without changing anything.
    pub(crate) fn look(home: &'a InstanceHome, name: &str) -> Result<Self, Error> {
        let dir = home.target(name);
        let state = read_json(&dir.join("state.json"))?.unwrap_or_default();
        let secrets = read_json(&dir.join("secrets.json"))?.unwrap_or_default();
        Ok(Self { home, name: name.to_owned(), dir, state, secrets })
    }

    /// Writes `state.json`, by one rename. Forgets generations that are neither in use, previous nor next.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.state.forget_others();
        write_json(&self.dir.join("state.json"), &self.state)
    }

    /// Path of the directory of a generation.
    pub(crate) fn generation(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Path of the data directory of a generation.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        engine::data_in(&self.generation(name))
    }

    /// Returns the name of a new generation: one more than the highest number on the disk.
    pub(crate) fn new_generation(&self) -> Result<String, Error> {
        let last = self.on_disk()?.into_iter().filter_map(|name| name[1..].parse::<u64>().ok()).max();
        Ok(format!("g{}", last.unwrap_or(0) + 1))
    }

    /// Returns the names of the generations on the disk, also of those that are not in the state.
    pub(crate) fn on_disk(&self) -> Result<Vec<String>, Error> {
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.dir).map_err(Error::file("read", &self.dir))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let digits = |name: &str| name.len() > 1 && name[1..].bytes().all(|byte| byte.is_ascii_digit());
        Ok(names.filter(|name| name.starts_with('g') && digits(name)).collect())
    }

    /// Like [`Self::sweep`], but a failure is only a warning: the next run tries again.
    pub(crate) fn sweep_or_warn(&self, house: &House) {
        if let Err(e) = self.sweep() {
            house.progress.warn(&format!("{}: what is not in use any more stays for now: {e}", self.name));
        }
    }

    /// Removes generations that are not in the state: a killed run or a refresh left them.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        for name in self.on_disk()? {
            if !self.state.generations.contains_key(&name) {
                engine::stop(&self.data(&name))?;
                remove(&self.generation(&name))?;
            }
        }
        Ok(())
    }

    /// Copies a generation's data to `base`, for `reset`, if blocks are shared so that the copy takes no room. Returns whether it
    /// was made.
    pub(crate) fn keep_base(&self, name: &str, cancel: &Cancel) -> Result<bool, Error> {
        let shares = self.home.shares_blocks();
        if shares {
            engine::copy_data(&self.data(name), &self.generation(name).join("base"), None, cancel)?;
        }
        Ok(shares)
    }

    /// Writes the option file that the developer logs in with.
    pub(crate) fn write_client(&self) -> Result<(), Error> {
        let (port, password) = (self.state.port, &self.secrets.developer);
        let bind = self.state.in_use().map_or("127.0.0.1", |(_, generation)| generation.bind.as_str());
        let key = self.state.current.as_ref().map(|current| self.data(current).join("public_key.pem"));
        let key = key.filter(|key| key.exists());
        let key = key.map_or(String::new(), |key| format!("server-public-key-path={}\n", key.display()));
        let text = format!(
            "[refreshkit]\n{key}[client]\nuser=dev\npassword={password}\nhost={}\nport={port}\n",
            reached_at(bind)
        );
        write(&self.client(), text.as_bytes())
    }

    /// Path of the option file with the developer's login.
    pub(crate) fn client(&self) -> PathBuf {
        self.dir.join("client.cnf")
    }
}

/// Removes a directory with its contents; does nothing if it is not there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Returns the address at which a client on this host reaches a server that listens at `bind`.
pub(crate) fn reached_at(bind: &str) -> &str {
    match bind {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        other => other,
    }
}
