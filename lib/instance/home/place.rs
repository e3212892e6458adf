//! One target's place: its state, its generations, its logins.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::error::Error;
use super::InstanceHome;
use super::state::{TargetState, read_json, write, write_json};
use crate::engine;
use crate::house::{Cancel, House};

/// One target's place. Whoever changes it holds the target's lock.
#[derive(Debug)]
pub(crate) struct TargetPlace<'a> {
    pub(crate) home: &'a InstanceHome,
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) state: TargetState,
    pub(crate) secrets: PlacePasswords,
}

/// Passwords that only this place knows.
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
    /// Opens the place of a target, and makes it if it is not there.
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

    /// Writes the state down: the one step that counts.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.state.forget_others();
        write_json(&self.dir.join("state.json"), &self.state)
    }

    /// The home of a generation.
    pub(crate) fn generation(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The data directory of a generation.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        engine::data_in(&self.generation(name))
    }

    /// The name of a generation that there never was.
    pub(crate) fn new_generation(&self) -> Result<String, Error> {
        let last = self.on_disk()?.into_iter().filter_map(|name| name[1..].parse::<u64>().ok()).max();
        Ok(format!("g{}", last.unwrap_or(0) + 1))
    }

    /// Generations on the disk, whether the state knows them or not.
    pub(crate) fn on_disk(&self) -> Result<Vec<String>, Error> {
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.dir).map_err(Error::file("read", &self.dir))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let digits = |name: &str| name.len() > 1 && name[1..].bytes().all(|byte| byte.is_ascii_digit());
        Ok(names.filter(|name| name.starts_with('g') && digits(name)).collect())
    }

    /// The same where it is no matter: the next run does it.
    pub(crate) fn sweep_or_warn(&self, house: &House) {
        if let Err(e) = self.sweep() {
            house.progress.warn(&format!("{}: what is not in use any more stays for now: {e}", self.name));
        }
    }

    /// Removes what belongs to no generation of the state: what a killed run, or a refresh, left behind.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        for name in self.on_disk()? {
            if !self.state.generations.contains_key(&name) {
                engine::stop(&self.data(&name))?;
                remove(&self.generation(&name))?;
            }
        }
        Ok(())
    }

    /// What `reset` brings back: a copy that costs nothing where blocks are shared, and is not made where it does.
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

    /// The option file of the developer's login.
    pub(crate) fn client(&self) -> PathBuf {
        self.dir.join("client.cnf")
    }
}

/// Removes a directory, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Where whoever is on this host reaches what listens at an address.
pub(crate) fn reached_at(bind: &str) -> &str {
    match bind {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        other => other,
    }
}
