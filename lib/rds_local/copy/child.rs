//! A helper program, which ends with this process at the latest, even after `kill -9`.
//!
//! In: a command. Out: its success, or why it failed. With `setpriv --pdeathsig` the kernel kills the helper when this process
//! is killed: it must not write into a directory that the next `rds-local drop` removes.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::house::Cancel;
use crate::rds_local::error::Error;

const POLL: Duration = Duration::from_millis(50);
/// How many times `why` checks, every [`POLL`], whether the program has ended by itself.
const LOOKS: usize = 20;
/// The most characters of a log line that go into an error.
const TOLD_CHARACTERS: usize = 400;

/// A running helper program. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Helper {
    what: String,
    child: Child,
}

impl Helper {
    /// Starts a program. Its stderr goes to `log`; its stdout goes to [`Self::output`] if `piped`, else to `log`.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        log: &Path,
        piped: bool,
    ) -> Result<Self, Error> {
        let what = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let said = File::create(log).map_err(Error::file("write", log))?;
        let also = said.try_clone().map_err(Error::file("write", log))?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            // Our environment must not decide where or as whom the program logs in: neither MYSQL_HOST nor ~/.mylogin.cnf, which
            // beats the option file.
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .env("MYSQL_TEST_LOGIN_FILE", "/nonexistent")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(if piped { Stdio::piped() } else { also.into() })
            .stderr(said)
            .spawn()
            .map_err(|e| Error::Helper { what: what.clone(), detail: e.to_string() })?;
        Ok(Self { what, child })
    }

    /// Returns the program's stdout. May be called once, and only if it was started with `piped`.
    pub(super) fn output(&mut self) -> impl Read + use<> {
        self.child.stdout.take().expect("it was started with a pipe and is asked once")
    }

    /// Waits until the program ends. Fails if its exit status is not 0, or on a signal.
    pub(super) fn finish(mut self, log: &Path, cancel: &Cancel) -> Result<(), Error> {
        loop {
            let ended = self.child.try_wait().map_err(|e| self.failed(&e.to_string()))?;
            match ended {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.failed(&format!("{status}: {}", last_words(log)))),
                None => cancel.sleep(POLL)?,
            }
        }
    }

    /// Returns the program's own failure, if it fails within a second. An error in reading its output is then only a consequence.
    pub(super) fn why(&mut self, log: &Path) -> Option<Error> {
        for _ in 0..LOOKS {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return None,
                Ok(Some(status)) => return Some(self.failed(&format!("{status}: {}", last_words(log)))),
                _ => std::thread::sleep(POLL),
            }
        }
        None
    }

    fn failed(&self, detail: &str) -> Error {
        Error::Helper { what: self.what.clone(), detail: detail.to_owned() }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the last line of the log with "error" in it, or else the last line.
fn last_words(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(16 * 1024)..]).into_owned();
    let wrong = |line: &&str| line.to_ascii_lowercase().contains("error");
    let line = text.lines().rev().find(wrong).or_else(|| text.lines().last()).unwrap_or("it said nothing");
    line.chars().take(TOLD_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_our_environment_says_where_it_goes() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        Helper::start(Path::new("/usr/bin/env"), &[], &log, false)
            .unwrap()
            .finish(&log, &Cancel::default())
            .unwrap();
        let said = std::fs::read_to_string(&log).unwrap();
        let names: Vec<_> = said.lines().filter_map(|line| line.split('=').next()).collect();
        assert!(names.iter().all(|name| ["PATH", "LANG", "MYSQL_TEST_LOGIN_FILE"].contains(name)), "{said}");
    }

    #[test]
    fn what_fails_is_told_with_its_own_words_and_what_hangs_is_ended() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let start = |text: &str| {
            Helper::start(Path::new("/bin/sh"), &["-c".to_owned(), text.to_owned()], &log, false).unwrap()
        };
        start("exit 0").finish(&log, &Cancel::default()).unwrap();
        let wrong = start("echo Error: no right >&2; echo done >&2; exit 3");
        let said = wrong.finish(&log, &Cancel::default()).unwrap_err().to_string();
        assert!(said.starts_with("sh failed") && said.ends_with("Error: no right"), "{said}");
        let mut wrong = start("echo Error: no right >&2; exit 3");
        assert!(wrong.why(&log).is_some_and(|why| why.to_string().ends_with("Error: no right")));
        assert!(start("exit 0").why(&log).is_none() && start("sleep 60").why(&log).is_none());
        let cancel = Cancel::default();
        cancel.raise(15);
        assert!(matches!(start("sleep 60").finish(&log, &cancel), Err(Error::Interrupted(_))));
    }
}
