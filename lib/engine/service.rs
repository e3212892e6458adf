//! A server that goes on after this tool has ended.
//!
//! In: a program, a directory of its own (its home), the user to run as. Out: a process in a session of its own, without our
//! environment (a build server kills processes that have its cookie there) and without an open file of ours but its log.
//!
//! ```text
//! HOME/data      the data directory        HOME/run     socket, pid, my.cnf, init.sql
//! HOME/tmp       its temporary files       HOME/files   where SQL on MariaDB may write files, which cannot be forbidden:
//! HOME/log       its log                                a directory that nobody may write into
//! ```
//!
//! **The process of a home** has `--datadir=HOME/data` on its command line, with any path of that directory, and runs as our user
//! or as the owner of the data. A pid in a file may belong to another process by now: so processes are searched in `/proc`, and
//! held (pidfd) before they get a signal.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::accounts::new_password;
use super::error::Error;
use super::place::make_directory;
use super::program::{Brand, ServerProgram, failed};
use super::server::{ended, last_words};
use super::user::HostUser;
use crate::house::Cancel;
use crate::mysql;

/// How long a server may take until it answers, recovery after a crash included.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a server may take to stop in order: it writes its dirty pages.
const STOP_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a process may take to vanish after SIGKILL.
const GONE_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);
/// The file that a server makes anew once it has read its data.
const TEMPORARY: &str = "ibtmp1";
/// How long [`Starting::hold`] waits for that file before it freezes the server all the same. Work before that costs nothing,
/// since the old server still answers; work after it is time without a server at the port.
const HOLD_PATIENCE: Duration = Duration::from_secs(20);
const HOLD_POLL: Duration = Duration::from_millis(1);
/// How many seconds a server may wait for its port, which another process may still have.
const PORT_SECONDS: u32 = 5;
/// An account without rights, made by the last statement before the server listens: a login as this account shows that all
/// of those statements were run.
const READY: &str = "refreshkit_ready";
/// Length limit for the path of a socket, in bytes (unix(7)).
const SOCKET_BYTES_MAX: usize = 107;

/// Where a server listens besides its socket.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    pub(crate) bind: String,
    pub(crate) port: u16,
    /// Whether it waits a few seconds for the port, which the old server is about to leave.
    pub(crate) waits: bool,
}

/// A server that goes on after this tool has ended.
#[derive(Debug, Clone)]
pub(crate) struct DetachedServer<'a> {
    pub(crate) program: &'a ServerProgram,
    /// Its home: a directory that no other server uses.
    pub(crate) home: &'a Path,
    /// The user that it runs as; `None` for the user of this tool.
    pub(crate) user: Option<HostUser>,
    /// Address and port; `None` for the socket only.
    pub(crate) listen: Option<Listen>,
    /// Lines of its option file. Settings for its paths and its address are on the command line, which beats them.
    pub(crate) settings: String,
    /// Statements that the server runs before it listens, one a line.
    pub(crate) before: String,
}

pub(crate) fn socket_in(home: &Path) -> PathBuf {
    home.join("run/s")
}

pub(crate) fn data_in(home: &Path) -> PathBuf {
    home.join("data")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// No server was running there.
    WasNot,
    /// The server ended by itself, in order.
    Clean,
    /// The server did not end in order and was killed.
    Killed,
}

impl DetachedServer<'_> {
    /// Starts the server and waits until it answers over its socket, with all statements of `before` run.
    pub(crate) fn start(&self, cancel: &Cancel) -> Result<(), Error> {
        self.begin()?.answers(cancel)
    }

    /// Starts the server and does not wait until it answers.
    pub(crate) fn begin(&self) -> Result<Starting, Error> {
        let what = format!("starting the server of {}", self.home.display());
        let socket = socket_in(self.home);
        if socket.as_os_str().len() > SOCKET_BYTES_MAX {
            return Err(failed(&what, &format!("{} is too long for a socket", socket.display())));
        }
        let password = new_password();
        self.furnish(&password)?;
        // The server makes this file anew at every start, which shows how far the start is.
        let _ = fs::remove_file(data_in(self.home).join(TEMPORARY));
        let log = self.home.join("log");
        if ended_in_order(&log) {
            forget_doublewrites(&data_in(self.home));
        }
        let output = File::options().create(true).append(true).mode(0o600).open(&log);
        let output = output.map_err(Error::file("open", &log))?;
        let before = output.metadata().map_err(Error::file("read", &log))?.len();
        let also = output.try_clone().map_err(Error::file("open", &log))?;
        let mut command = Command::new("setsid");
        command.arg(&self.program.path).args(self.arguments());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8");
        command.current_dir("/").stdin(Stdio::null()).stdout(output).stderr(also);
        if let Some(user) = self.user {
            // `uid` also drops our supplementary groups.
            command.uid(user.uid).gid(user.gid);
        }
        let child = command.spawn().map_err(|e| failed(&what, &e))?;
        let way = mysql::Server::at_socket(&socket, READY, &password);
        Ok(Starting { child, way, what, home: self.home.to_owned(), before, through: false })
    }

    /// Makes the directories and files that the server needs before it starts.
    fn furnish(&self, password: &str) -> Result<(), Error> {
        for folder in ["run", "tmp"] {
            let path = self.home.join(folder);
            if path.exists() {
                fs::remove_dir_all(&path).map_err(Error::file("empty", &path))?;
            }
            make_directory(&path)?;
        }
        let files = self.home.join("files");
        if !files.exists() {
            DirBuilder::new().mode(0o500).create(&files).map_err(Error::file("create", &files))?;
        }
        let settings = format!("[mysqld]\n{}\n", self.settings);
        // After a statement that fails both servers skip the rest and start all the same. So the account of the last statement
        // shows whether all were run.
        let before = format!(
            "{}DROP USER IF EXISTS '{READY}'@'localhost';\nCREATE USER '{READY}'@'localhost' IDENTIFIED BY '{password}';\n",
            self.before
        );
        for (name, text) in [("run/my.cnf", &settings), ("run/init.sql", &before)] {
            let path = self.home.join(name);
            let opened = File::options().write(true).create_new(true).mode(0o600).open(&path);
            let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(Error::file("write", &path))?;
        }
        if let Some(user) = self.user {
            user.give(&self.home.join("run"))?;
            user.give(&self.home.join("tmp"))?;
            // `files` belongs to root, and the server's user may read there and not write.
            chown(&files, Some(0), Some(user.gid)).map_err(Error::file("change the owner of", &files))?;
            let mode = Permissions::from_mode(0o550);
            fs::set_permissions(&files, mode).map_err(Error::file("change the mode of", &files))?;
        }
        Ok(())
    }

    fn arguments(&self) -> Vec<String> {
        let place = |folder: &str| self.home.join(folder).display().to_string();
        // MariaDB and MySQL accept this one only as the first argument.
        let mut arguments = vec![format!("--defaults-file={}", place("run/my.cnf"))];
        arguments.extend(self.program.storage());
        arguments.push(format!("--datadir={}", place("data")));
        arguments.push(format!("--tmpdir={}", place("tmp")));
        arguments.push(format!("--socket={}", place("run/s")));
        arguments.push(format!("--pid-file={}", place("run/pid")));
        arguments.push(format!("--init-file={}", place("run/init.sql")));
        match &self.listen {
            Some(at) => {
                arguments.extend([format!("--port={}", at.port), format!("--bind-address={}", at.bind)]);
                arguments.extend(at.waits.then(|| format!("--port-open-timeout={PORT_SECONDS}")));
            }
            // Events of a dump or a branch must not run before the server is in use.
            None => arguments.extend(["--skip-networking", "--event-scheduler=OFF"].map(str::to_owned)),
        }
        match self.program.brand {
            Brand::Mysql => arguments.extend(["--mysqlx=OFF", "--secure-file-priv=NULL"].map(str::to_owned)),
            Brand::Mariadb => {
                arguments.push(format!("--secure-file-priv={}", place("files")));
                // No table may have its files outside of the data directory.
                arguments.push("--skip-symbolic-links".to_owned());
            }
        }
        arguments
    }
}

/// A server that is starting. Dropping it before [`Self::answers`] has succeeded kills the server.
#[derive(Debug)]
pub(crate) struct Starting {
    child: Child,
    /// The login with which the server is asked whether it answers.
    way: mysql::Server,
    what: String,
    home: PathBuf,
    /// The length of its log before this start, in bytes.
    before: u64,
    through: bool,
}

impl Starting {
    /// Freezes the server (SIGSTOP) when it has read its data, which is most of its start, and before it listens.
    /// [`answers`](Self::answers) lets it go on. Meanwhile the old server keeps the port.
    pub(crate) fn hold(&mut self) -> Result<(), Error> {
        let mark = data_in(&self.home).join(TEMPORARY);
        let end = Instant::now() + HOLD_PATIENCE;
        // If the mark does not appear in time, the server is frozen wherever it is in its start.
        while !mark.exists() && Instant::now() < end {
            self.refuse_ended()?;
            std::thread::sleep(HOLD_POLL);
        }
        self.signal(Signal::STOP)
    }

    /// Lets the server go on and waits for the first login. A denied one means that a statement before the account's failed.
    pub(crate) fn answers(mut self, cancel: &Cancel) -> Result<(), Error> {
        self.signal(Signal::CONT)?;
        let start = Instant::now();
        loop {
            self.refuse_ended()?;
            match self.way.connect() {
                Ok(_) => break,
                Err(e) if e.is_denied() => {
                    let words = last_words(&self.home.join("log"), self.before);
                    return Err(failed(&self.what, &format!("a statement of its accounts failed: {words}")));
                }
                Err(e) if e.number().is_some() || start.elapsed() > START_TIMEOUT => return Err(e.into()),
                Err(_) => cancel.sleep(POLL)?,
            }
        }
        self.through = true;
        Ok(())
    }

    fn refuse_ended(&mut self) -> Result<(), Error> {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            let log = self.home.join("log");
            return Err(ended(&self.what, &last_words(&log, self.before), &log));
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        // The pid cannot be reused: the child has not been waited for.
        match kill_process(Pid::from_child(&self.child), signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(e) => Err(failed(&self.what, &std::io::Error::from(e))),
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if !self.through {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // Removed, since it has passwords.
        let _ = fs::remove_file(self.home.join("run/init.sql"));
    }
}

/// The processes that run on a data directory, as our user or its owner: one, or none.
pub(crate) fn running(data: &Path) -> Vec<Pid> {
    at_work(|process, named| is_same(named, data) && is_by_us(process, data))
}

/// The processes of this host with a `--datadir` on their command line for which `is_meant` is true.
pub(super) fn at_work(is_meant: impl Fn(Pid, &Path) -> bool) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let works = |process: &Pid| {
        let named = |argument: OsString| {
            Some(PathBuf::from(OsStr::from_bytes(argument.as_bytes().strip_prefix(b"--datadir=")?)))
        };
        arguments_of(*process).into_iter().filter_map(named).any(|named| is_meant(*process, &named))
    };
    numbers.filter_map(Pid::from_raw).filter(works).collect()
}

/// Whether two paths lead to the same directory, be it through links or `..`.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    one == other || place(one).is_some_and(|here| Some(here) == place(other))
}

/// Whether a process runs as our user or as the owner of the data: any user could run one with such a command line.
fn is_by_us(process: Pid, data: &Path) -> bool {
    let Ok(found) = fs::metadata(format!("/proc/{}", process.as_raw_nonzero())) else { return false };
    let owner = fs::metadata(data).map(|data| data.uid()).ok();
    found.uid() == rustix::process::geteuid().as_raw() || Some(found.uid()) == owner
}

/// Whether a server with this port on its command line runs on a data directory.
pub(crate) fn listens_at(data: &Path, port: u16) -> bool {
    let wanted = format!("--port={port}");
    running(data).into_iter().any(|process| arguments_of(process).iter().any(|argument| *argument == *wanted))
}

fn arguments_of(process: Pid) -> Vec<OsString> {
    let line = fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero())).unwrap_or_default();
    line.split(|byte| *byte == 0).map(|argument| OsStr::from_bytes(argument).to_owned()).collect()
}

/// Stops the server of a data directory: in order, or by SIGKILL after [`STOP_TIMEOUT`]. Fails if the server does not end even
/// then: nobody may remove its files, or start another server on them.
pub(crate) fn stop(data: &Path) -> Result<Stopped, Error> {
    let held = held(data)?;
    if held.is_empty() {
        return Ok(Stopped::WasNot);
    }
    for (signal, patience, outcome) in
        [(Signal::TERM, STOP_TIMEOUT, Stopped::Clean), (Signal::KILL, GONE_TIMEOUT, Stopped::Killed)]
    {
        for process in &held {
            // The first call fails for a process that has ended meanwhile; a frozen one gets SIGTERM only when it goes on.
            let _ = pidfd_send_signal(process, signal);
            let _ = pidfd_send_signal(process, Signal::CONT);
        }
        let end = Instant::now() + patience;
        if held.iter().all(|process| ends_before(process, end)) {
            return Ok(outcome);
        }
    }
    Err(Error::StillAlive { data: data.to_owned() })
}

/// Kills the server of a data directory that is about to be removed, if there is one.
pub(crate) fn kill(data: &Path) {
    for process in held(data).unwrap_or_default() {
        let _ = pidfd_send_signal(&process, Signal::KILL);
    }
}

/// Sends SIGTERM to the server of a data directory and does not wait: the server leaves its port within a moment.
pub(crate) fn tell_to_stop(data: &Path) -> Result<(), Error> {
    for process in held(data)? {
        // Fails for a process that has ended meanwhile, which is no error.
        let _ = pidfd_send_signal(&process, Signal::TERM);
    }
    Ok(())
}

/// Stops the server of a home, and returns whether it ended in order and its log says that the shutdown was complete.
pub(crate) fn stops_in_order(home: &Path) -> Result<bool, Error> {
    let log = home.join("log");
    let before = fs::metadata(&log).map_or(0, |found| found.len());
    let stopped = stop(&data_in(home))?;
    let text = fs::read(&log).map_err(Error::file("read", &log))?;
    let said = text.get(usize::try_from(before).unwrap_or(0)..).unwrap_or_default();
    Ok(stopped == Stopped::Clean && String::from_utf8_lossy(said).lines().any(is_the_end))
}

/// Whether a log ends with a complete shutdown: not so if its server runs, was killed, or never ran.
fn ended_in_order(log: &Path) -> bool {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned();
    // Newer versions of MySQL write `MySQL Server - end.` after that line.
    text.lines().rev().filter(|line| !line.trim().is_empty()).take(2).any(is_the_end)
}

/// Removes the doublewrite files of MySQL. They are of use only after a server did not stop in order, but MySQL would read all of
/// them at its next start and keep 25 MB of memory for that.
pub(crate) fn forget_doublewrites(data: &Path) {
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|end| end == "dblwr") {
            // A file that cannot be removed only costs that memory.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// True for the server's last line, `mariadbd: Shutdown complete` or `mysqld: Shutdown complete (mysqld 9.7.0)`, and not for
/// InnoDB's, `Shutdown completed`.
fn is_the_end(line: &str) -> bool {
    line.split("Shutdown complete").skip(1).any(|rest| !rest.starts_with('d'))
}

/// Handles (pidfd) for the processes of a data directory: a signal through one cannot reach another process with the same pid.
fn held(data: &Path) -> Result<Vec<OwnedFd>, Error> {
    let mut held = Vec::new();
    for pid in running(data) {
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => held.push((pid, process)),
            Err(Errno::SRCH) => {}
            Err(e) => return Err(failed("holding a server's process", &std::io::Error::from(e))),
        }
    }
    // Searched again: a pid could have changed its process before it was held.
    let now = running(data);
    Ok(held.into_iter().filter(|(pid, _)| now.contains(pid)).map(|(_, process)| process).collect())
}

/// Waits until a process has ended with all its threads and files, at most until `end`; returns whether it has.
fn ends_before(process: &OwnedFd, end: Instant) -> bool {
    loop {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).ok();
        let mut polled = [PollFd::new(process, PollFlags::IN)];
        match poll(&mut polled, left.as_ref()) {
            Err(Errno::INTR) => {}
            outcome => return outcome.is_ok_and(|count| count > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_a_server_are_not_those_of_its_engine() {
        assert!(is_the_end("2026-11-22  2:00:00 0 [Note] /usr/sbin/mariadbd: Shutdown complete"));
        assert!(is_the_end(
            "[System] [MY-010910] [Server] /x/mysqld: Shutdown complete (mysqld 9.7.0)  MySQL"
        ));
        assert!(!is_the_end("[Note] InnoDB: Shutdown completed; log sequence number 47629"));
    }

    #[test]
    fn what_was_written_twice_goes_only_after_an_end_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let (start, end) = (
            "[System] mysqld (mysqld 9.7.0) starting as process 7\n",
            "[System] mysqld: Shutdown complete (mysqld 9.7.0)\n",
        );
        let last = "[System] MySQL Server - end.\n";
        assert!(!ended_in_order(&log));
        for (text, wanted) in [
            (format!("{start}{end}"), true),
            (format!("{start}{end}{last}\n"), true),
            (format!("{start}{end}{last}{start}"), false),
            (format!("{start}{end}{last}{start}[System] ready for connections\n"), false),
            (String::new(), false),
        ] {
            fs::write(&log, &text).unwrap();
            assert_eq!(ended_in_order(&log), wanted, "{text}");
        }
        for name in ["#ib_16384_0.dblwr", "ibdata1"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        forget_doublewrites(folder.path());
        assert!(folder.path().join("ibdata1").exists() && !folder.path().join("#ib_16384_0.dblwr").exists());
    }

    #[test]
    fn a_directory_is_the_same_by_whatever_path() {
        let folder = tempfile::tempdir().unwrap();
        let [data, link] = ["data", "link"].map(|name| folder.path().join(name));
        fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(is_same(&data, &link) && is_same(&folder.path().join("link/../data"), &data));
        assert!(
            !is_same(&data, folder.path()) && !is_same(&folder.path().join("a"), &folder.path().join("b"))
        );
        assert!(is_same(Path::new("/nowhere/data"), Path::new("/nowhere/data/")));
    }

    #[test]
    fn only_the_whole_argument_makes_a_process_ours() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let spawn = |end: &str| {
            let argument = format!("--datadir={}{end}", data.display());
            // `read` is a builtin: a child process would have the same arguments for a moment.
            Command::new("sh")
                .args(["-c", "read line", "sh", &argument])
                .stdin(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let (mut other, mut ours) = (spawn("2"), spawn(""));
        let start = Instant::now();
        while running(&data).is_empty() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(POLL);
        }
        let found: Vec<u32> =
            running(&data).iter().map(|pid| pid.as_raw_nonzero().get().unsigned_abs()).collect();
        assert_eq!(found, [ours.id()]);
        assert_eq!(stop(&data).unwrap(), Stopped::Clean);
        assert_eq!(stop(&data).unwrap(), Stopped::WasNot);
        assert!(other.try_wait().unwrap().is_none());
        for child in [&mut other, &mut ours] {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }
}
