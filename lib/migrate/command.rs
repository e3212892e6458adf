//! A command that runs the migrations instead of us: phinx, flyway, rails, a script of the branch.
//!
//! In: the command line, the worktree, the target. Out: its output, line by line as it comes. Its environment holds
//! a PATH, a HOME of its own and the target's login, nothing else of ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use mysql::Opts;
use rustix::process::{Pid, Signal};

use super::error::Error;
use super::target::SqlTarget;
use crate::house::House;

/// How much of the output goes into the document.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// The longest line that is shown whole.
const LINE_BYTES_MAX: u64 = 16 * 1024;

const POLL: Duration = Duration::from_millis(50);

/// Runs it. The error comes with the output so far.
pub(crate) fn run(
    house: &House,
    line: &str,
    worktree: &Path,
    target: &SqlTarget<'_>,
) -> Result<String, (Error, String)> {
    let early = |e: Error| (e, String::new());
    let home = tempfile::Builder::new().prefix("refreshkit-home-").tempdir();
    let home = home.map_err(|source| early(Error::Directory { source }))?;
    let mut command = prepare(line, worktree, home.path(), target).map_err(early)?;
    house.progress.say(&format!("running {line}"));
    let no_shell = |source| early(Error::Read { file: "/bin/sh".to_owned(), source });
    // One pipe for both, so that lines come in the order in which they were written.
    let (reader, writer) = std::io::pipe().map_err(no_shell)?;
    command.stdout(writer.try_clone().map_err(no_shell)?).stderr(writer);
    let mut child = command.spawn().map_err(no_shell)?;
    // It holds this side's ends of the pipe, which would never end.
    drop(command);
    let (sender, receiver) = channel();
    follow(reader, sender);
    let mut output = String::new();
    match listen(house, &mut child, &receiver, &mut output) {
        Ok(status) if status.success() => Ok(output),
        Ok(status) => {
            let said = output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no output").to_owned();
            Err((Error::Command { command: line.to_owned(), status: status.to_string(), said }, output))
        }
        Err(e) => Err((e, output)),
    }
}

fn prepare(line: &str, worktree: &Path, home: &Path, target: &SqlTarget<'_>) -> Result<Command, Error> {
    let options = Opts::from(target.server.login()?);
    let user = options.get_user().unwrap_or_default();
    let password = options.get_pass().unwrap_or_default();
    let option_file = home.join("my.cnf");
    crate::mysql::write_option_file(&option_file, user, password)?;
    add_address(&option_file, &options).map_err(|source| Error::Directory { source })?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(worktree).env_clear();
    let path =
        crate::config::environment("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    command.env("PATH", path).env("HOME", home).env("LANG", "C.UTF-8");
    command.env("MYSQL_USER", user).env("MYSQL_PWD", password).env("MYSQL_DATABASE", target.database);
    match options.get_socket() {
        Some(socket) => command.env("MYSQL_HOST", "localhost").env("MYSQL_UNIX_PORT", socket),
        None => command.env("MYSQL_HOST", options.get_ip_or_hostname().as_ref()),
    };
    let port = options.get_tcp_port().to_string();
    command.env("MYSQL_PORT", &port).env("MYSQL_TCP_PORT", &port).env("MYSQL_DEFAULTS_FILE", option_file);
    if options.get_enable_cleartext_plugin() {
        // A token: the clients of Oracle send it as it is only if they are told to.
        command.env("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1");
    }
    // A group of its own, so that what the command starts can be ended with it.
    command.process_group(0).stdin(Stdio::null());
    Ok(command)
}

/// Clients read where the server is from the option file; few of them look at the environment.
fn add_address(option_file: &Path, options: &Opts) -> std::io::Result<()> {
    let address = match options.get_socket() {
        Some(socket) => format!("host=localhost\nsocket={socket}\n"),
        None => format!("host={}\nport={}\n", options.get_ip_or_hostname(), options.get_tcp_port()),
    };
    std::fs::File::options().append(true).open(option_file)?.write_all(address.as_bytes())
}

/// Hands lines over as they come.
fn follow(pipe: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line), Ok(count) if count > 0)
        {
            if to.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
}

fn listen(
    house: &House,
    child: &mut Child,
    lines: &Receiver<String>,
    output: &mut String,
) -> Result<ExitStatus, Error> {
    let fail = |source| Error::Read { file: "/bin/sh".to_owned(), source };
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                house.progress.say(&line);
                if output.len() + line.len() < OUTPUT_BYTES_MAX {
                    output.push_str(&line);
                    output.push('\n');
                }
            }
            Err(RecvTimeoutError::Disconnected) => return child.wait().map_err(fail),
            // A background process may hold the pipes for ever: the command itself counts.
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait().map_err(fail)? {
                    return Ok(status);
                }
            }
        }
        if let Err(interrupted) = house.cancel.check() {
            stop(child);
            return Err(interrupted.into());
        }
    }
}

/// Ends the command and what it started.
fn stop(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}
