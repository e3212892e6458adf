//! One running server process: start, freeze, stop.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::confined::selinux_advice;
use super::error::Error;
use super::program::{Brand, ServerProgram, failed, tmpdir, user};
use crate::house::Cancel;
use crate::mysql;

/// How long a server may take until it answers. Recovery of a large copy is part of it.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a server may take to stop by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the threads of a server may take to stand still.
const FREEZE_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(25);
/// What both servers say when the port is somebody else's.
const PORT_TAKEN: &str = "Address already in use";

/// Socket and port at which a server listens.
#[derive(Debug, Clone)]
pub(crate) struct ListenAddress {
    /// Path of the Unix socket, through which we log in.
    pub(crate) socket: PathBuf,
    /// For everybody on this host; none means the socket only.
    pub(crate) port: Option<u16>,
}

/// A running server. Dropping it kills the process, which is what a power cut does: nothing committed is lost.
#[derive(Debug)]
pub(crate) struct RunningServer {
    child: Child,
    /// Socket and port that the server listens at.
    pub(crate) address: ListenAddress,
}

impl RunningServer {
    /// Starts the program on a data directory and waits until the account answers over the socket.
    pub(crate) fn start(
        program: &ServerProgram,
        data: &Path,
        address: ListenAddress,
        account: (&str, &str),
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let log = data.with_file_name("log");
        let what = format!("starting the server of {}", data.display());
        // A lock file of a server that was killed names a process that may be somebody else's by now.
        for leftover in [address.socket.clone(), lock_of(&address.socket)] {
            let _ = fs::remove_file(leftover);
        }
        let output =
            File::options().create(true).append(true).open(&log).map_err(Error::file("open", &log))?;
        let before = output.metadata().map_err(Error::file("read", &log))?.len();
        let also = output.try_clone().map_err(Error::file("open", &log))?;
        let child = Command::new(&program.path)
            .args(arguments(program, data, &address))
            .arg(tmpdir(data)?)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(also)
            // Not in our process group: Ctrl-C is for us, and we stop the servers in order.
            .process_group(0)
            .spawn()
            .map_err(|e| failed(&what, &e))?;
        let mut server = Self { child, address };
        let way = mysql::Server::at_socket(&server.address.socket, account.0, account.1);
        let start = Instant::now();
        loop {
            if server.has_ended() {
                return Err(ended(&what, &last_words(&log, before), &log));
            }
            match way.connect() {
                Ok(_) => return Ok(server),
                Err(e) if e.number().is_some() => return Err(e.into()),
                Err(e) if start.elapsed() > START_TIMEOUT => return Err(e.into()),
                Err(_) => cancel.sleep(POLL)?,
            }
        }
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Stops it in order.
    pub(crate) fn stop(mut self) {
        let _ = self.signal(Signal::TERM);
        let start = Instant::now();
        while !self.has_ended() && start.elapsed() < STOP_TIMEOUT {
            std::thread::sleep(POLL);
        }
        // What is still there is killed by Drop.
    }

    /// Stops every thread of the server until the guard is dropped.
    pub(crate) fn freeze(&self) -> Result<Frozen<'_>, Error> {
        let guard = Frozen(self);
        self.signal(Signal::STOP).map_err(|e| failed("freezing a server", &e))?;
        let start = Instant::now();
        // A thread inside a write first finishes it.
        while !threads_are(Pid::from_child(&self.child), &['T', 't', 'Z', 'X']) {
            if start.elapsed() > FREEZE_TIMEOUT {
                return Err(failed("freezing a server", &"its threads do not stand still"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(guard)
    }

    fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        kill_process(Pid::from_child(&self.child), signal)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.address.socket);
        let _ = fs::remove_file(lock_of(&self.address.socket));
    }
}

/// A server whose threads stand still. It goes on when this is dropped, whatever happens in between.
#[derive(Debug)]
pub(crate) struct Frozen<'a>(&'a RunningServer);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        let _ = self.0.signal(Signal::CONT);
    }
}

/// Whether all threads of a process are in one of these states (proc_pid_stat(5)), or gone.
pub(crate) fn threads_are(pid: Pid, states: &[char]) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { return true };
    threads.flatten().all(|thread| {
        let Ok(stat) = fs::read_to_string(thread.path().join("stat")) else { return true };
        // The name, in parentheses, may hold anything; the state follows it.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(states))
    })
}

fn lock_of(socket: &Path) -> PathBuf {
    let mut name = socket.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// A throw-away server: small, on this host only, without a binary log.
fn arguments(program: &ServerProgram, data: &Path, address: &ListenAddress) -> Vec<String> {
    // Both servers insist on this one being first.
    let mut arguments = vec!["--no-defaults".to_owned()];
    arguments.extend(user().map(str::to_owned));
    arguments.extend(program.storage());
    arguments.push(format!("--datadir={}", data.display()));
    arguments.push(format!("--socket={}", address.socket.display()));
    arguments.push(format!("--pid-file={}", data.with_file_name("pid").display()));
    match address.port {
        Some(port) => arguments.extend([format!("--port={port}"), "--bind-address=127.0.0.1".to_owned()]),
        None => arguments.push("--skip-networking".to_owned()),
    }
    let common = [
        "--skip-log-bin",
        // An account of localhost is then one of the socket, never one of 127.0.0.1.
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=64M",
        // At a commit the log is with the kernel: it survives a kill of the server, and copying sees it.
        "--innodb-flush-log-at-trx-commit=2",
        "--performance-schema=OFF",
        "--max-connections=150",
        "--local-infile=1",
    ];
    arguments.extend(common.map(str::to_owned));
    match program.brand {
        Brand::Mysql => arguments.extend(["--mysqlx=OFF", "--secure-file-priv=NULL"].map(str::to_owned)),
        // MariaDB knows no NULL here: SQL may write files where nobody else can read or run them.
        Brand::Mariadb => {
            arguments.push(format!("--secure-file-priv={}", data.with_file_name("tmp").display()));
        }
    }
    arguments
}

/// Why a server has ended before it answered.
pub(super) fn ended(what: &str, words: &str, log: &Path) -> Error {
    if words.contains(PORT_TAKEN) {
        return Error::PortTaken(what.to_owned());
    }
    let advice =
        selinux_advice(log.parent().unwrap_or(log)).map_or(String::new(), |advice| format!("; {advice}"));
    failed(what, &format!("{words} (see {}){advice}", log.display()))
}

/// What a server's log says about its end, from an offset on: a port that is taken, or else the last error that is one.
pub(super) fn last_words(log: &Path, from: u64) -> String {
    let text = fs::read(log).unwrap_or_default();
    let from = usize::try_from(from).unwrap_or(0).max(text.len().saturating_sub(16 * 1024)).min(text.len());
    let text = String::from_utf8_lossy(&text[from..]).into_owned();
    let errors = || text.lines().rev().filter(|line| line.contains("ERROR"));
    let line = errors().find(|line| line.contains(PORT_TAKEN));
    let line = line.or_else(|| errors().find(|line| !line.trim_end().ends_with("Aborting")));
    line.or_else(|| text.lines().last()).unwrap_or("it said nothing").to_owned()
}

/// A port that is free on 127.0.0.1 now.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(listener.map_err(|e| failed("finding a free port", &e))?.port())
}

/// Whether a port is free on 127.0.0.1 now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
