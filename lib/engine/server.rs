//! A server process that ends with this tool: start, freeze, stop.

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

/// How long a server may take until it answers, the recovery of a large copy included.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a server may take to stop in order.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the threads of a server may take to stop after SIGSTOP.
const FREEZE_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(25);
/// What MariaDB and MySQL say when another process has the port.
const PORT_TAKEN: &str = "Address already in use";

#[derive(Debug, Clone)]
pub(crate) struct ListenAddress {
    /// Path of the Unix socket through which this tool logs in.
    pub(crate) socket: PathBuf,
    /// Port on 127.0.0.1; `None` for the socket only.
    pub(crate) port: Option<u16>,
}

/// A running server. Dropping it kills the process, which loses nothing that was committed.
#[derive(Debug)]
pub(crate) struct RunningServer {
    child: Child,
    pub(crate) address: ListenAddress,
}

impl RunningServer {
    /// Starts the program on a data directory and waits until the account can log in over the socket.
    pub(crate) fn start(
        program: &ServerProgram,
        data: &Path,
        address: ListenAddress,
        account: (&str, &str),
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let log = data.with_file_name("log");
        let what = format!("starting the server of {}", data.display());
        // The lock file of a killed server names a pid that another process may have by now.
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
            // In a process group of its own: Ctrl-C must reach this tool only, which then stops the server in order.
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

    /// Stops the server in order; kills it after [`STOP_TIMEOUT`].
    pub(crate) fn stop(mut self) {
        let _ = self.signal(Signal::TERM);
        let start = Instant::now();
        while !self.has_ended() && start.elapsed() < STOP_TIMEOUT {
            std::thread::sleep(POLL);
        }
        // Drop kills a process that is still there.
    }

    /// Stops every thread of the server with SIGSTOP until the returned guard is dropped.
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

/// A server that is stopped with SIGSTOP. Dropping this lets it go on.
#[derive(Debug)]
pub(crate) struct Frozen<'a>(&'a RunningServer);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        let _ = self.0.signal(Signal::CONT);
    }
}

/// Whether all threads of a process are gone or in one of these states (proc_pid_stat(5)).
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

/// The arguments for a throw-away server: small, on this host only, without a binary log.
fn arguments(program: &ServerProgram, data: &Path, address: &ListenAddress) -> Vec<String> {
    // MariaDB and MySQL accept this one only as the first argument.
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
        // An account `…@localhost` then means the socket, never 127.0.0.1.
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=64M",
        // At a commit the log is written to the kernel: it survives a kill of the server, and a copy of the files has it.
        "--innodb-flush-log-at-trx-commit=2",
        "--performance-schema=OFF",
        "--max-connections=150",
        "--local-infile=1",
    ];
    arguments.extend(common.map(str::to_owned));
    match program.brand {
        Brand::Mysql => arguments.extend(["--mysqlx=OFF", "--secure-file-priv=NULL"].map(str::to_owned)),
        // MariaDB has no value that forbids files: SQL may write them into a directory that nobody else can enter.
        Brand::Mariadb => {
            arguments.push(format!("--secure-file-priv={}", data.with_file_name("tmp").display()));
        }
    }
    arguments
}

/// The error for a server that has ended before it answered. `words` are the last ones of its log.
pub(super) fn ended(what: &str, words: &str, log: &Path) -> Error {
    if words.contains(PORT_TAKEN) {
        return Error::PortTaken(what.to_owned());
    }
    let advice =
        selinux_advice(log.parent().unwrap_or(log)).map_or(String::new(), |advice| format!("; {advice}"));
    failed(what, &format!("{words} (see {}){advice}", log.display()))
}

/// The line of a server's log that explains its end, from the offset `from` on: a port that is taken, else the last error but
/// "Aborting", else the last line.
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

pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
