//! Where a dump is proved: a server of our own that lives as long as the dump is made, or the throw-away copy.
//!
//! In: which server it is a dump of, the state directory. Out: a server to log in to. A data directory of each version is made
//! once, in `STATE/prove/`, and copied for each dump; what a killed run left there goes with the next one.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crate::config::Prove;
use crate::document::chain;
use crate::dump::job::{Job, Place};
use crate::engine::{self, Address, Brand, Program, copy_data, make_directory};
use crate::house::{Cancel, House};
use crate::mysql::{self, Engine, Server};

/// The account of the scratch server's installation, and the one that loads: it may not do what only an administrator may.
const ROOT: (&str, &str) = ("root", "");

/// The longest path of a socket, with room for its lock.
const SOCKET_BYTES_MAX: usize = 100;

/// A scratch server that is being started while something else is done.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// By another thread.
    Starting(Option<JoinHandle<Result<Scratch, engine::Error>>>),
    /// There is nothing to wait for.
    Ready(Option<Ground>),
}

/// Where it is proved.
#[derive(Debug)]
pub(crate) enum Ground {
    /// On a server of our own.
    Scratch(Scratch),
    /// On the throw-away copy.
    Copy(Server),
    /// Nowhere.
    Nowhere,
}

/// A running server of our own. Its directory goes with it.
#[derive(Debug)]
pub(crate) struct Scratch {
    server: Option<engine::Server>,
    login: Server,
    folder: PathBuf,
}

impl Ground {
    /// The server to load into; none if nothing is proved.
    pub(crate) fn server(&self) -> Option<Server> {
        match self {
            Self::Scratch(scratch) => Some(scratch.login.clone()),
            Self::Copy(server) => Some(server.clone()),
            Self::Nowhere => None,
        }
    }

    /// Whether nobody else is on the server, so that an event may be made there.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Scratch(_))
    }
}

impl Beginning {
    /// Decides where a dump is proved, and begins to make that place.
    pub(crate) fn of(house: &House, job: &Job, engine: Engine) -> Self {
        if house.config.dump.prove == Prove::Off {
            return Self::Ready(Some(Ground::Nowhere));
        }
        let brand = match engine {
            Engine::MariaDb => Brand::Mariadb,
            Engine::MySql => Brand::Mysql,
        };
        match (Program::find(None, Some(brand)), job.place) {
            (Ok(program), _) => {
                let (root, cancel) = (house.state_dir.join("prove"), house.cancel.clone());
                Self::Starting(Some(thread::spawn(move || Scratch::start(&program, &root, &cancel))))
            }
            (Err(_), Place::Copy) => Self::Ready(Some(Ground::Copy(job.server.clone()))),
            (Err(error), Place::Live) => {
                house.progress.warn(&format!(
                    "that the dump restores is not proved: {}, and the source is not to be written to \
                     ([dump] prove = \"off\" says so beforehand)",
                    chain(&error)
                ));
                Self::Ready(Some(Ground::Nowhere))
            }
        }
    }

    /// Waits for the place. A server of our own that does not start is no reason to have no dump.
    pub(crate) fn wait(mut self, house: &House, job_server: &Server, place: Place) -> Ground {
        let handle = match &mut self {
            Self::Ready(ground) => return ground.take().unwrap_or(Ground::Nowhere),
            Self::Starting(handle) => handle.take(),
        };
        let started = handle.and_then(|handle| handle.join().ok());
        match started {
            Some(Ok(scratch)) => Ground::Scratch(scratch),
            Some(Err(error)) => {
                let instead =
                    if place == Place::Copy { "the copy takes its place" } else { "nothing is proved" };
                house
                    .progress
                    .warn(&format!("no scratch server to prove the dump on, {instead}: {}", chain(&error)));
                if place == Place::Copy { Ground::Copy(job_server.clone()) } else { Ground::Nowhere }
            }
            None => Ground::Nowhere,
        }
    }
}

impl Drop for Beginning {
    /// A server that is starting is not left behind.
    fn drop(&mut self) {
        if let Self::Starting(handle) = self
            && let Some(handle) = handle.take()
        {
            drop(handle.join());
        }
    }
}

impl Scratch {
    fn start(program: &Program, root: &Path, cancel: &Cancel) -> Result<Self, engine::Error> {
        let root = root.join(format!("{}-{}", program.brand.word(), program.version));
        make_directory(&root)?;
        sweep(&root);
        let base = base(program, &root, cancel)?;
        let folder = root.join(own_name("run"));
        make_directory(&folder)?;
        let begun = Begun(Some(folder));
        let folder = begun.0.as_deref().unwrap_or(&root);
        copy_data(&base.join("data"), &folder.join("data"), None, cancel)?;
        let socket = folder.join("s");
        if socket.as_os_str().len() > SOCKET_BYTES_MAX {
            return Err(engine::Error::file("use a socket so deep as", &socket)(std::io::Error::from(
                std::io::ErrorKind::InvalidFilename,
            )));
        }
        let address = Address { socket: socket.clone(), port: None };
        let server = engine::Server::start(program, &folder.join("data"), address, ROOT, cancel)?;
        let (admin, master) = (password(), password());
        let mut session = Server::at_socket(&socket, ROOT.0, ROOT.1).connect()?;
        // Nothing that is loaded may run by itself.
        session.attempt("SET GLOBAL event_scheduler = OFF");
        engine::create_accounts(&mut session, &admin, &master)?;
        engine::grant_master(&mut session)?;
        let login = Server::at_socket(&socket, engine::MASTER, &master);
        Ok(Self { server: Some(server), login, folder: begun.keep() })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is killed: nothing in it is of use any more.
        drop(self.server.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A directory that goes unless it is kept.
struct Begun(Option<PathBuf>);

impl Begun {
    fn keep(mut self) -> PathBuf {
        self.0.take().unwrap_or_default()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The data directory of a version as its installation makes it: made once, and put in its place in one step.
fn base(program: &Program, root: &Path, cancel: &Cancel) -> Result<PathBuf, engine::Error> {
    let base = root.join("base");
    if base.is_dir() {
        return Ok(base);
    }
    let partial = Begun(Some(root.join(own_name("new"))));
    let folder = partial.0.clone().unwrap_or_default();
    make_directory(&folder)?;
    program.install(&folder.join("data"), None)?;
    cancel.check()?;
    match fs::rename(&folder, &base) {
        // Another run was faster.
        Err(_) if base.is_dir() => {}
        Err(error) => return Err(engine::Error::file("rename", &folder)(error)),
        Ok(()) => {}
    }
    Ok(base)
}

/// A name that says which process it belongs to.
fn own_name(word: &str) -> String {
    format!("{word}-{}-{:08x}", std::process::id(), rand::random::<u32>())
}

/// Removes what killed runs left.
fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process =
            name.split('-').nth(1).filter(|process| process.bytes().all(|byte| byte.is_ascii_digit()));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            engine::stop_orphans(&entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn password() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Whether an error says that this account may not do something, which is no fault of the dump.
pub(super) fn is_denied(error: &mysql::Error) -> bool {
    let denied = [mysql::number::SPECIFIC_ACCESS_DENIED, mysql::number::NO_SUCH_DEFINER];
    error.number().is_some_and(|number| denied.contains(&number))
}
