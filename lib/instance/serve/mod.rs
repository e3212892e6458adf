//! Runs a generation: privately (behind its socket) while a refresh works on it, or at the target's port.
//!
//! In: a place, a generation. Out: a running server and logins to it: over its socket for us and the loader, by TCP for the
//! developer.

pub(super) mod accounts;
pub(super) mod switch;
pub(super) mod unit;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use mysql::Row;

use super::error::Error;
use super::home::{Generation, TargetPlace, reached_at};
use crate::engine::{self, Brand, DetachedServer, GRANTS, Listen, ServerProgram, Starting};
use crate::house::Cancel;
use crate::mysql::{Server, Session};
use crate::sql::plain_literal;

/// Name of our own account, which logs in over the socket only.
pub(crate) const ADMIN: &str = "refreshkit_admin";

/// Name of the loader's account, which owns all that a dump or a branch made. It has rights on the dump's databases alone, and is
/// locked while the instance is in use.
pub(crate) const LOADER: &str = "refreshkit_loader";

/// Name of the account that the developer logs in as.
const DEVELOPER: &str = "dev";

/// Sets the SQL mode for which `plain_literal` writes its literals.
const LITERALLY: &str = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';\n";

/// How long the developer's first login may take after the server's first answer.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
/// How long a port may be held by a server that has just ended.
const PORT_PATIENCE: Duration = Duration::from_secs(3);

/// InnoDB's buffer pool without the setting `memory`: small, since several instances share a machine.
pub(crate) const MEMORY: &str = "64M";

/// A generation, with the place and the name by which it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Serving<'a> {
    pub(crate) place: &'a TargetPlace<'a>,
    /// Name of the generation.
    pub(crate) name: &'a str,
    pub(crate) generation: &'a Generation,
}

impl<'a> Serving<'a> {
    /// Returns the generation in use, if there is one.
    pub(crate) fn in_use(place: &'a TargetPlace<'a>) -> Option<Self> {
        let (name, generation) = place.state.in_use()?;
        Some(Self { place, name, generation })
    }
}

impl Serving<'_> {
    /// Starts the generation behind its socket alone and unlocks the loader's account. Returns the loader's login.
    pub(crate) fn start_privately(&self, cancel: &Cancel) -> Result<Server, Error> {
        self.check_program()?;
        let password = engine::new_password();
        let open = format!(
            "ALTER USER '{LOADER}'@'localhost' IDENTIFIED BY {} ACCOUNT UNLOCK;\n",
            plain_literal(&password)
        );
        self.begin(None, &open)?.answers(cancel)?;
        Ok(Server::at_socket(&self.socket(), LOADER, &password))
    }

    /// Fails if the server program has another version than when the data was made, or if AppArmor keeps it out of the directory.
    pub(crate) fn check_program(&self) -> Result<(), Error> {
        let ServerProgram { path, version: was, .. } = &self.generation.program;
        let is = ServerProgram::find(Some(path), None)?.version;
        if is == *was {
            return Ok(engine::refuse_confined(path, &self.place.home.root)?);
        }
        Err(Error::OtherVersion {
            target: self.place.name.clone(),
            program: path.clone(),
            is,
            was: was.clone(),
        })
    }

    /// Locks the loader's account, so that nobody can log in with it.
    pub(crate) fn lock_loader(&self) -> Result<(), Error> {
        lock_loader(&mut self.admin().connect()?)
    }

    /// Starts the generation at the target's port, and proves that the developer can log in over TCP. `accounts`: statements that
    /// make accounts, one a line.
    pub(crate) fn start_at_port(&self, accounts: &str, cancel: &Cancel) -> Result<(), Error> {
        self.begin_at_port(accounts, false)?.answers(cancel)?;
        self.prove()
    }

    /// Begins this start, without waiting for an answer. `waits`: the server waits for the port, which another is about to leave.
    pub(crate) fn begin_at_port(&self, accounts: &str, waits: bool) -> Result<Starting, Error> {
        let listen = Listen { bind: self.generation.bind.clone(), port: self.place.state.port, waits };
        let developer = format!("'{DEVELOPER}'@'%'");
        let password = plain_literal(&self.place.secrets.developer);
        let lines = format!(
            "{accounts}CREATE USER IF NOT EXISTS {developer} IDENTIFIED BY {password};\n\
             ALTER USER {developer} IDENTIFIED BY {password};\nGRANT {GRANTS} ON *.* TO {developer} WITH GRANT OPTION;\n"
        );
        self.begin(Some(listen), &lines)
    }

    /// True when a server runs on the generation's data.
    pub(crate) fn runs(&self) -> bool {
        !engine::running(&self.place.data(self.name)).is_empty()
    }

    /// True when this server runs with the target's port.
    pub(crate) fn runs_at_port(&self) -> bool {
        engine::listens_at(&self.place.data(self.name), self.place.state.port)
    }

    /// True when this server runs with the target's port and answers over its socket.
    pub(crate) fn answers(&self) -> bool {
        self.runs_at_port() && self.admin().connect().is_ok()
    }

    /// Returns our own login: over the socket, as the administrator.
    pub(crate) fn admin(&self) -> Server {
        Server::at_socket(&self.socket(), ADMIN, &self.place.secrets.admin)
    }

    fn socket(&self) -> std::path::PathBuf {
        engine::socket_in(&self.place.generation(self.name))
    }

    /// Logs in as the developer over TCP. Fails if the login fails, or if a server with another data directory answers.
    pub(crate) fn prove(&self) -> Result<(), Error> {
        let (host, port) = (reached_at(&self.generation.bind), self.place.state.port);
        let mut server = Server::at(host, port, DEVELOPER, &self.place.secrets.developer);
        let key = self.place.data(self.name).join("public_key.pem");
        if key.exists() {
            server = server.with_public_key(&key);
        }
        let fail = |why: String| {
            let address = format!("{host}:{port}");
            Err(Error::NotReached { target: self.place.name.clone(), address, why })
        };
        let start = Instant::now();
        loop {
            match server.connect() {
                Ok(mut session) => {
                    let said = session.first::<String>("asking where the data is", "SELECT @@datadir")?;
                    let said = said.unwrap_or_default();
                    let wanted = self.place.data(self.name);
                    if said.trim_end_matches('/') == wanted.to_string_lossy() {
                        return Ok(());
                    }
                    return fail(format!("a server with its data in {said} answers"));
                }
                Err(e) if e.number().is_some() || start.elapsed() > LOGIN_TIMEOUT => {
                    return fail(e.to_string());
                }
                Err(_) => std::thread::sleep(POLL),
            }
        }
    }

    fn begin(&self, listen: Option<Listen>, accounts: &str) -> Result<Starting, Error> {
        let home = self.place.generation(self.name);
        let service = DetachedServer {
            program: &self.generation.program,
            home: &home,
            user: self.place.home.user,
            listen,
            settings: self.generation.settings.clone(),
            // The target's option file may set another SQL mode; `LITERALLY` makes the literals mean what they say.
            before: format!("{LITERALLY}{accounts}{}", admin_lines(&self.place.secrets.admin)),
        };
        Ok(service.begin()?)
    }
}

/// Returns statements that make our own account anew.
pub(crate) fn admin_lines(password: &str) -> String {
    let account = format!("'{ADMIN}'@'localhost'");
    format!(
        "DROP USER IF EXISTS {account};\nCREATE USER {account} IDENTIFIED BY {};\nGRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n",
        plain_literal(password)
    )
}

/// Locks the loader's account and gives it a password that nobody knows.
pub(crate) fn lock_loader(session: &mut Session) -> Result<(), Error> {
    let sql = format!(
        "ALTER USER '{LOADER}'@'localhost' IDENTIFIED BY {} ACCOUNT LOCK",
        plain_literal(&engine::new_password())
    );
    session.run("locking the loader's account", &sql)?;
    Ok(())
}

/// Returns our option-file lines: a small server for one developer, without binary log and performance schema. Its commits do not
/// wait for the disk.
pub(crate) fn defaults(program: &ServerProgram, memory: &str) -> String {
    let mut lines = format!(
        "skip-log-bin\nskip-name-resolve\ncharacter-set-server=utf8mb4\ninnodb-buffer-pool-size={memory}\n\
         innodb-flush-log-at-trx-commit=2\nperformance-schema=OFF\nmax-connections=150\nlocal-infile=1\n\
         max-allowed-packet=256M\ntable-open-cache=400\ntable-definition-cache=400\n\
         innodb-buffer-pool-dump-at-shutdown=OFF\ninnodb-buffer-pool-load-at-startup=OFF\n"
    );
    if program.brand == Brand::Mysql {
        lines.push_str("innodb-log-buffer-size=4M\ninnodb-change-buffering=none\n");
        // MySQL reads the doublewrite files at every start and keeps them in memory: 30 MiB at the default of 128 pages.
        lines.push_str("innodb-doublewrite-pages=4\n");
    }
    lines
}

/// True when a port is still taken after [`PORT_PATIENCE`]. The wait is for a server that was killed a moment ago: its process
/// has no command line any more, but still its port.
pub(crate) fn stays_taken(bind: &str, port: u16) -> bool {
    let start = Instant::now();
    while is_taken(bind, port) {
        if start.elapsed() > PORT_PATIENCE {
            return true;
        }
        std::thread::sleep(POLL);
    }
    false
}

/// True when a port is taken now.
pub(crate) fn is_taken(bind: &str, port: u16) -> bool {
    let address = bind.parse().unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    TcpListener::bind((address, port)).is_err()
}

/// Returns the connected accounts but our own; `None` if the server cannot be asked.
pub(crate) fn connected(serving: &Serving<'_>) -> Option<Vec<String>> {
    let mut session = serving.admin().connect().ok()?;
    let rows: Vec<Row> = session.rows("listing who is connected", "SHOW PROCESSLIST").ok()?;
    let one = |row: &Row| {
        let text = |at: usize| row.get_opt::<Option<String>, _>(at).and_then(Result::ok).flatten();
        let (user, host) = (text(1)?, text(2).unwrap_or_default());
        let own =
            user.starts_with("refreshkit_") || ["system user", "event_scheduler"].contains(&user.as_str());
        (!own).then(|| format!("{user}@{}", host.split(':').next().unwrap_or_default()))
    };
    Some(rows.iter().filter_map(one).collect())
}
