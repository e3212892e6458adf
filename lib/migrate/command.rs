//! Runs `[migrations] command`, which runs the migrations itself: phinx, flyway, rails, a script of the branch.
//!
//! In: the command line, the worktree, the target. Out: the command's output, line by line as it comes, without the values of
//! rows that a server's error quotes. The command runs in a [`Cage`]. Its environment has only PATH, LANG, a HOME of its own and
//! variables with the target's login.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use mysql::Opts;

use super::cage::Cage;
use super::error::Error;
use super::target::SqlTarget;
use crate::config::MigrationsConfig;
use crate::house::House;
use crate::mysql::relayed;

/// So many bytes of the output go into the document.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// So many bytes of the output are shown as they come: endless output would fill a build's log.
const SHOWN_BYTES_MAX: usize = 1024 * 1024;

/// The longest line; a longer one is cut into several.
const LINE_BYTES_MAX: u64 = 16 * 1024;

/// So many lines may wait to be shown; then the command must wait.
const LINES_WAITING_MAX: usize = 64;

/// How long to wait for the last lines after the command and the processes that it left have ended.
const LAST_LINES: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(50);

/// Runs the command line and returns its output. An error comes with the output so far.
pub(crate) fn run(
    house: &House,
    settings: &MigrationsConfig,
    line: &str,
    worktree: &Path,
    target: &SqlTarget<'_>,
) -> Result<String, (Error, String)> {
    let early = |e: Error| (e, String::new());
    let home = tempfile::Builder::new().prefix("refreshkit-home-").tempdir();
    let home = home.map_err(|source| early(Error::Directory { source }))?;
    let cage = Cage::of(house, settings.run_as.as_deref()).map_err(early)?;
    let mut command = prepare(&cage, line, worktree, home.path(), target).map_err(early)?;
    house.progress.say(&format!("running {line}"));
    let no_shell = |source| early(Error::Read { file: "/bin/sh".to_owned(), source });
    // stdout and stderr share one pipe, so that lines come in the order in which they were written.
    let (reader, writer) = std::io::pipe().map_err(no_shell)?;
    command.stdout(writer.try_clone().map_err(no_shell)?).stderr(writer);
    let mut child = command.spawn().map_err(no_shell)?;
    // `command` holds the write end of the pipe: without this the reader would never see the end.
    drop(command);
    let (sender, receiver) = sync_channel(LINES_WAITING_MAX);
    follow(reader, sender);
    let mut output = Output::default();
    let ended = listen(house, &mut child, &receiver, &mut output);
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    // Also after success: processes that the command left would go on with the target's login.
    let left = cage.clear();
    if left > 0 {
        house.progress.warn(&format!("{left} processes of the branch's command cannot be killed"));
    }
    output.take_the_last(house, &receiver);
    let output = output.text;
    match ended {
        Ok(status) if status.success() => Ok(output),
        Ok(status) => {
            let said = output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no output").to_owned();
            Err((Error::Command { command: line.to_owned(), status: status.to_string(), said }, output))
        }
        Err(e) => Err((e, output)),
    }
}

fn prepare(
    cage: &Cage,
    line: &str,
    worktree: &Path,
    home: &Path,
    target: &SqlTarget<'_>,
) -> Result<Command, Error> {
    let options = Opts::from(target.server.login()?);
    let user = options.get_user().unwrap_or_default();
    let password = options.get_pass().unwrap_or_default();
    let option_file = home.join("my.cnf");
    crate::mysql::write_option_file(&option_file, user, password)?;
    add_address(&option_file, &options).map_err(|source| Error::Directory { source })?;
    cage.give(home).and_then(|()| cage.give(worktree)).map_err(|source| Error::Directory { source })?;
    let mut command = cage.command(line);
    command.current_dir(worktree).env_clear();
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
        // The password is an IAM token. Oracle's clients send one in clear text only with this variable.
        command.env("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1");
    }
    // A process group of its own: signals to the tool's group do not reach the command. `Cage::clear` ends its processes.
    command.process_group(0).stdin(Stdio::null());
    Ok(command)
}

/// Adds the server's address to the option file: few clients read it from the environment.
fn add_address(option_file: &Path, options: &Opts) -> std::io::Result<()> {
    let address = match options.get_socket() {
        Some(socket) => format!("host=localhost\nsocket={socket}\n"),
        None => format!("host={}\nport={}\n", options.get_ip_or_hostname(), options.get_tcp_port()),
    };
    std::fs::File::options().append(true).open(option_file)?.write_all(address.as_bytes())
}

/// Starts a thread that sends each line of the pipe as it comes.
fn follow(pipe: impl Read + Send + 'static, to: SyncSender<String>) {
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

/// The output of the command, as far as it is kept, and how many bytes of it were shown.
#[derive(Debug, Default)]
struct Output {
    text: String,
    shown: usize,
}

impl Output {
    fn take(&mut self, house: &House, line: &str) {
        let line = relayed(line);
        if self.shown <= SHOWN_BYTES_MAX {
            self.shown += line.len() + 1;
            house.progress.say(if self.shown <= SHOWN_BYTES_MAX { &line } else { "(the rest is not shown)" });
        }
        if self.text.len() + line.len() < OUTPUT_BYTES_MAX {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// Takes the lines that were still in the pipe when the command ended.
    fn take_the_last(&mut self, house: &House, lines: &Receiver<String>) {
        let until = Instant::now() + LAST_LINES;
        while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.take(house, &line);
        }
    }
}

fn listen(
    house: &House,
    child: &mut Child,
    lines: &Receiver<String>,
    output: &mut Output,
) -> Result<ExitStatus, Error> {
    let fail = |source| Error::Read { file: "/bin/sh".to_owned(), source };
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => output.take(house, &line),
            Err(RecvTimeoutError::Disconnected) => {
                // The command has closed its output but may still run for long.
                if let Some(status) = child.try_wait().map_err(fail)? {
                    return Ok(status);
                }
                std::thread::sleep(POLL);
            }
            // A background process may keep the pipe open for ever, so the end of the command itself counts.
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait().map_err(fail)? {
                    return Ok(status);
                }
            }
        }
        house.cancel.check()?;
    }
}
