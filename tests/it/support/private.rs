//! A server of a test's own, for what a shared one must not go through: global settings, a full disk, TLS.

use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::mysql::Engine;

use super::TestServer;

/// A running server. It stops when the test is over; its directory is the caller's.
#[derive(Debug)]
pub(crate) struct Private {
    pub(crate) server: TestServer,
    home: PathBuf,
}

/// A small file system of a test's own, which goes with this value.
#[derive(Debug)]
pub(crate) struct SmallDisk(PathBuf);

impl Private {
    /// Starts one with its data below `home` and with options of the server's command line, blanks between them.
    pub(crate) fn start_with(engine: Engine, home: &Path, options: &str) -> Self {
        let word = word(engine);
        script(&["start", home.to_str().unwrap(), word], options);
        let client_cnf = home.join(word).join("client.cnf");
        Self { server: TestServer { engine, client_cnf }, home: home.to_owned() }
    }

    /// What it was started in.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.join(word(self.server.engine)).join("data")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        script(&["stop", self.home.to_str().unwrap()], "");
    }
}

impl SmallDisk {
    /// Mounts one; without root there is none, and the test says so.
    pub(crate) fn mount(at: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output().unwrap();
        if mounted.status.success() {
            return Some(Self(at.to_owned()));
        }
        let said = String::from_utf8_lossy(&mounted.stderr);
        eprintln!("left out: mounting a small file system needs root: {said}");
        None
    }

    /// Fills it up until so many bytes are free.
    pub(crate) fn leave(&self, bytes: u64) {
        let space = rustix::fs::statvfs(&self.0).unwrap();
        let filler = (space.f_bavail * space.f_frsize).saturating_sub(bytes);
        std::fs::write(self.0.join("filler"), vec![1; usize::try_from(filler).unwrap()]).unwrap();
    }

    /// Gives the room back.
    pub(crate) fn clear(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that has just ended may still be letting go of its files.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn word(engine: Engine) -> &'static str {
    match engine {
        Engine::MariaDb => "mariadb",
        Engine::MySql => "mysql",
    }
}

fn script(arguments: &[&str], options: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers");
    let output =
        Command::new(script).args(arguments).env("REFRESHKIT_SERVER_OPTIONS", options).output().unwrap();
    assert!(
        output.status.success(),
        "scripts/servers {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
