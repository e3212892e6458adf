//! The server on which a dump is proved: a scratch server that runs only for this dump, or the throw-away copy.
//!
//! In: the server that is dumped, the state directory. Out: a server to log in to, of the same version series and with the same
//! rule for the case of names. A scratch server's data directory is a copy of an installed one that was made before (`folder`).

use std::path::Path;
use std::thread::{self, JoinHandle};

use super::folder::{Folder, base, discard, sweep};
use crate::config::Prove;
use crate::document::chain;
use crate::dump::job::{DumpJob, Liveness};
use crate::engine::{self, Brand, ListenAddress, ServerProgram, copy_data, make_directory, series};
use crate::house::{Cancel, House};
use crate::mysql::{Engine, Server, Session};

/// User and password of the scratch server's installation. This account only creates `engine::MASTER`, the account that loads.
const ROOT: (&str, &str) = ("root", "");

/// Most bytes of a socket's path, with room for the name of its lock file.
const SOCKET_BYTES_MAX: usize = 100;

/// The choice of a [`ProofServer`]. A scratch server starts on another thread while rows are read.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// Another thread is starting a scratch server and returns it once it is up.
    Starting(Option<JoinHandle<Result<ScratchServer, engine::Error>>>),
    /// The server was chosen, and nothing has to be started.
    Ready(Option<ProofServer>),
}

/// The server on which a dump is proved.
#[derive(Debug)]
pub(crate) enum ProofServer {
    Scratch(ScratchServer),
    Copy(Server),
    /// No server: nothing is loaded, and nothing is proved.
    Nowhere,
}

/// A running scratch server. Its directory is removed when it ends.
#[derive(Debug)]
pub(crate) struct ScratchServer {
    server: Option<engine::RunningServer>,
    login: Server,
    /// Declared after `server`: the directory is removed after the server has ended.
    _folder: Folder,
}

impl ProofServer {
    /// Returns the server to load into; `None` if nothing is proved.
    pub(crate) fn server(&self) -> Option<Server> {
        match self {
            Self::Scratch(scratch) => Some(scratch.login.clone()),
            Self::Copy(server) => Some(server.clone()),
            Self::Nowhere => None,
        }
    }

    /// True if nobody else uses the server, so that events may be created there.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Scratch(_))
    }
}

impl Beginning {
    /// Decides where a dump is proved, and starts a scratch server if this host has the program. `source` is a connection to the
    /// server that is dumped.
    pub(crate) fn of(house: &House, job: &DumpJob, source: &mut Session) -> Self {
        if house.config.dump.prove == Prove::Off {
            return Self::Ready(Some(ProofServer::Nowhere));
        }
        let brand = match source.engine() {
            Engine::MariaDb => Brand::Mariadb,
            Engine::MySql => Brand::Mysql,
        };
        // Of the same series, since versions differ in what they accept; and with the same rule for the case of names.
        match (ServerProgram::of_series(brand, source.version()), job.place) {
            (Some(program), _) => {
                let program = ServerProgram { lower_case: source.ignores_case(), ..program };
                let (prove, cancel) = (house.state_dir.join("prove"), house.cancel.clone());
                Self::Starting(Some(thread::spawn(move || ScratchServer::start(&program, &prove, &cancel))))
            }
            (None, Liveness::Copy) => Self::Ready(Some(ProofServer::Copy(job.server.clone()))),
            (None, Liveness::Live) => {
                house.progress.warn(&format!(
                    "not proved: whether the dump restores is not known: this machine has no {} server program to \
                     load it into, and the source is not to be written to ([dump] prove = \"off\" says so beforehand)",
                    wanted(brand, source.version())
                ));
                Self::Ready(Some(ProofServer::Nowhere))
            }
        }
    }

    /// Waits for the scratch server. If it does not start, the dump is still made: it is proved on the copy, or not at all, with
    /// a warning.
    pub(crate) fn wait(mut self, house: &House, job_server: &Server, place: Liveness) -> ProofServer {
        let handle = match &mut self {
            Self::Ready(ground) => return ground.take().unwrap_or(ProofServer::Nowhere),
            Self::Starting(handle) => handle.take(),
        };
        let why = match handle.map(JoinHandle::join) {
            Some(Ok(Ok(scratch))) => return ProofServer::Scratch(scratch),
            Some(Ok(Err(error))) => chain(&error),
            Some(Err(_)) | None => "what was to start it has failed without a word".to_owned(),
        };
        match place {
            Liveness::Copy => {
                let said = format!("no scratch server to prove the dump on, the copy takes its place: {why}");
                house.progress.warn(&said);
                ProofServer::Copy(job_server.clone())
            }
            Liveness::Live => {
                house.progress.warn(&format!(
                    "not proved: whether the dump restores is not known: no scratch server to load it into: {why}"
                ));
                ProofServer::Nowhere
            }
        }
    }
}

/// Names the server program that is missing, for people: `MySQL 8.0`.
fn wanted(brand: Brand, version: &str) -> String {
    match series(version) {
        Some((major, minor)) => format!("{} {major}.{minor}", brand.title()),
        None => format!("{} {version}", brand.title()),
    }
}

impl Drop for Beginning {
    /// Waits for a server that is still starting, and ends it.
    fn drop(&mut self) {
        if let Self::Starting(handle) = self
            && let Some(handle) = handle.take()
        {
            drop(handle.join());
        }
    }
}

impl ScratchServer {
    fn start(program: &ServerProgram, prove: &Path, cancel: &Cancel) -> Result<Self, engine::Error> {
        let lower = if program.lower_case { "-1" } else { "" };
        let root = prove.join(format!("{}-{}{lower}", program.brand.word(), program.version));
        make_directory(&root)?;
        sweep(prove);
        let base = base(program, &root, cancel)?;
        let folder = Folder::for_a_run(&root)?;
        copy_data(&base.join("data"), &folder.path().join("data"), None, cancel)?;
        let socket = folder.path().join("s");
        if socket.as_os_str().len() > SOCKET_BYTES_MAX {
            return Err(engine::Error::file("use a socket so deep as", &socket)(std::io::Error::from(
                std::io::ErrorKind::InvalidFilename,
            )));
        }
        match run(program, &folder.path().join("data"), &socket, cancel) {
            Ok((server, login)) => Ok(Self { server: Some(server), login, _folder: folder }),
            Err(error) => {
                if !matches!(error, engine::Error::Interrupted(_)) {
                    discard(&base, &folder);
                }
                Err(error)
            }
        }
    }
}

/// Starts the server on a fresh data directory and creates the account that loads.
fn run(
    program: &ServerProgram,
    data: &Path,
    socket: &Path,
    cancel: &Cancel,
) -> Result<(engine::RunningServer, Server), engine::Error> {
    let address = ListenAddress { socket: socket.to_owned(), port: None };
    let server = engine::RunningServer::start(program, data, address, ROOT, cancel)?;
    let (admin, master) = (password(), password());
    let mut session = Server::at_socket(socket, ROOT.0, ROOT.1).connect()?;
    // Events that are loaded must not run.
    session.attempt("SET GLOBAL event_scheduler = OFF");
    engine::create_accounts(&mut session, &admin, &master)?;
    engine::grant_master(&mut session)?;
    Ok((server, Server::at_socket(socket, engine::MASTER, &master)))
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        // The server is killed: its data is not needed any more.
        drop(self.server.take());
    }
}

fn password() -> String {
    format!("{:032x}", rand::random::<u128>())
}
