//! Runs a tool as the shell would: arguments and stdin in; stdout, stderr and exit code out.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use refreshkit::document::{Document, Login};

/// No run of a tool in a test takes as long. One that hangs is ended, so that its test fails and says which it was.
const LIMIT: Duration = Duration::from_mins(10);

/// A tool to run. Nothing of the caller's environment that could name a server or a run is passed on.
#[derive(Debug)]
pub(crate) struct Tool {
    name: String,
    command: Command,
    stdin: Vec<u8>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The most memory it had at a time, if somebody asked for it.
    pub(crate) peak_kib: u64,
    /// Its number while it ran, which is in the names of what it makes on a server.
    pub(crate) process: u32,
}

impl Tool {
    pub(crate) fn new(name: &str) -> Self {
        let mut command = Command::new(path(name));
        for variable in [
            "REFRESH_RUN",
            "REFRESH_OWNER",
            "BUILD_TAG",
            "BUILD_URL",
            "JENKINS_URL",
            "REFRESH_CONFIG",
            "REFRESH_STATE_DIR",
            "REFRESH_PROGRESS",
            "REFRESH_USER",
        ] {
            command.env_remove(variable);
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        Self { name: name.to_owned(), command, stdin: Vec::new() }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In a directory.
    pub(crate) fn within(mut self, directory: &std::path::Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    #[cfg(feature = "aws")]
    /// Without a variable of the caller's environment, or of its own.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Another program in the environment that this tool would have.
    pub(crate) fn into_environment(self, program: &str) -> Command {
        let mut other = Command::new(program);
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => other.env(name, value),
                None => other.env_remove(name),
            };
        }
        other
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// A document to read. Of a copy that a test made up no journal knows, so the test says what a person would: that the
    /// server is its own, and which login it means.
    pub(crate) fn document(mut self, document: &Document) -> Self {
        let writes = ["mydehydrate", "mydump-rotate"].contains(&self.name.as_str());
        if let Some(cluster) = document.cluster.as_ref().filter(|cluster| writes && cluster.throw_away) {
            self = self.args(["--i-own-this-server", &cluster.host]);
            if let Some(Login::OptionFile { path, .. }) = &cluster.login {
                self = self.args(["--defaults-extra-file", path]);
            }
        }
        self.stdin(refreshkit::document::render(document))
    }

    /// Starts it with pipes everywhere, for tests that send signals.
    pub(crate) fn spawn(mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The same, with an eye on its memory.
    pub(crate) fn run_watched(self) -> Output {
        self.finish(true)
    }

    pub(crate) fn run(self) -> Output {
        self.finish(false)
    }

    /// What it writes, where that need not be text.
    pub(crate) fn run_for_bytes(mut self) -> Vec<u8> {
        let output = self.command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn finish(self, watched: bool) -> Output {
        let (bytes, name) = (self.stdin.clone(), self.name.clone());
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().unwrap();
        // A tool that does not read stdin closes it: that is its right.
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&bytes);
        });
        let peak = watched.then(|| peak_of(child.id()));
        let process = child.id();
        let (over, limit) = ended_at_the_limit(&child);
        let output = child.wait_with_output().unwrap();
        drop(over);
        let hung = limit.join().unwrap();
        assert!(!hung, "{name} hung: {}", String::from_utf8_lossy(&output.stderr));
        writer.join().unwrap();
        let peak_kib = peak.map_or(0, |peak| peak.join().unwrap());
        Output { peak_kib, ..Output::read(process, output) }
    }
}

/// Kills the tool when its time is over; what comes back says whether it came to that, once the sender is dropped.
fn ended_at_the_limit(child: &Child) -> (mpsc::Sender<()>, std::thread::JoinHandle<bool>) {
    let id = rustix::process::Pid::from_child(child);
    let (over, waiting) = mpsc::channel::<()>();
    let limit = std::thread::spawn(move || {
        let hung = waiting.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
        if hung {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
        hung
    });
    (over, limit)
}

/// Looks at a process's high-water mark until it is gone.
fn peak_of(process: u32) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(line) = line else { break };
            let kib: String = line.chars().filter(char::is_ascii_digit).collect();
            peak = kib.parse::<u64>().unwrap().max(peak);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        peak
    })
}

impl Output {
    /// Waits for a tool that was started with pipes.
    pub(crate) fn of(child: Child) -> Self {
        let process = child.id();
        Self::read(process, child.wait_with_output().unwrap())
    }

    fn read(process: u32, output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            peak_kib: 0,
            process,
        }
    }

    /// Asserts the exit code, showing stderr if it differs.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stderr:\n{}\nstdout:\n{}", self.stderr, self.stdout);
        self
    }

    /// The most memory it had at a time.
    pub(crate) fn mebibytes(&self) -> u64 {
        self.peak_kib >> 10
    }

    /// The document on stdout.
    pub(crate) fn document(&self) -> Document {
        refreshkit::document::parse(self.stdout.as_bytes())
            .unwrap_or_else(|e| panic!("{e}\nstdout: {}\nstderr: {}", self.stdout, self.stderr))
    }
}

/// Every tool of this feature set and where cargo put it.
fn built() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("mydehydrate", env!("CARGO_BIN_EXE_mydehydrate")),
        ("mydump-rotate", env!("CARGO_BIN_EXE_mydump-rotate")),
        ("dev-restore", env!("CARGO_BIN_EXE_dev-restore")),
        ("rds-local", env!("CARGO_BIN_EXE_rds-local")),
        ("refresh-report", env!("CARGO_BIN_EXE_refresh-report")),
        #[cfg(feature = "aws")]
        ("rds-snap", env!("CARGO_BIN_EXE_rds-snap")),
        #[cfg(feature = "aws")]
        ("rds-wait", env!("CARGO_BIN_EXE_rds-wait")),
        #[cfg(feature = "aws")]
        ("rds-restore", env!("CARGO_BIN_EXE_rds-restore")),
        #[cfg(feature = "aws")]
        ("rds-drop", env!("CARGO_BIN_EXE_rds-drop")),
    ])
}

/// The names of the tools of this feature set.
pub(crate) fn tools() -> Vec<&'static str> {
    built().into_keys().collect()
}

/// Where cargo put the tool.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(*built().get(name).unwrap_or_else(|| panic!("no tool {name} in this feature set")))
}
