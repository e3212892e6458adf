//! Where a dump is proved: a server of our own that lives as long as the dump is made, or the throw-away copy.
//!
//! In: which server it is a dump of, the state directory. Out: a server to log in to, of the same version and with the same idea of
//! names. Its data directory is a copy of one that was made before: `folder`.

use std::path::Path;
use std::thread::{self, JoinHandle};

use super::folder::{Folder, base, discard, sweep};
use crate::config::Prove;
use crate::document::chain;
use crate::dump::job::{DumpJob, Liveness};
use crate::engine::{self, Brand, ListenAddress, ServerProgram, copy_data, make_directory, series};
use crate::house::{Cancel, House};
use crate::mysql::{Engine, Server, Session};

/// The account of the scratch server's installation, and the one that loads: it may not do what only an administrator may.
const ROOT: (&str, &str) = ("root", "");

/// The longest path of a socket, with room for its lock.
const SOCKET_BYTES_MAX: usize = 100;

/// A scratch server that is being started while something else is done.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// Another thread is starting a server, and hands it over when it is up.
    Starting(Option<JoinHandle<Result<ScratchServer, engine::Error>>>),
    /// There is nothing to wait for.
    Ready(Option<ProofServer>),
}

/// The server on which a dump is proved.
#[derive(Debug)]
pub(crate) enum ProofServer {
    /// On a server of our own.
    Scratch(ScratchServer),
    /// On the throw-away copy.
    Copy(Server),
    /// Nowhere: nothing is loaded, and nothing is proved.
    Nowhere,
}

/// A running server of our own. Its directory goes with it.
#[derive(Debug)]
pub(crate) struct ScratchServer {
    server: Option<engine::RunningServer>,
    login: Server,
    /// Behind the server: it is removed after its end.
    _folder: Folder,
}

impl ProofServer {
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
    /// Decides where a dump is proved, and begins to make that place. `source` is a connection to what is dumped.
    pub(crate) fn of(house: &House, job: &DumpJob, source: &mut Session) -> Self {
        if house.config.dump.prove == Prove::Off {
            return Self::Ready(Some(ProofServer::Nowhere));
        }
        let brand = match source.engine() {
            Engine::MariaDb => Brand::Mariadb,
            Engine::MySql => Brand::Mysql,
        };
        // Another version takes other things in, and refuses others; what is the same name here must be so there.
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

    /// Waits for the place. A server of our own that does not start is no reason to have no dump.
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

/// The server that would be right, for people: `MySQL 8.0`.
fn wanted(brand: Brand, version: &str) -> String {
    match series(version) {
        Some((major, minor)) => format!("{} {major}.{minor}", brand.title()),
        None => format!("{} {version}", brand.title()),
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

/// Starts the server on a fresh copy, with the account that loads.
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
    // Nothing that is loaded may run by itself.
    session.attempt("SET GLOBAL event_scheduler = OFF");
    engine::create_accounts(&mut session, &admin, &master)?;
    engine::grant_master(&mut session)?;
    Ok((server, Server::at_socket(socket, engine::MASTER, &master)))
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        // It is killed: nothing in it is of use any more.
        drop(self.server.take());
    }
}

fn password() -> String {
    format!("{:032x}", rand::random::<u128>())
}
