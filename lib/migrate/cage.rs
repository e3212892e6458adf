//! The cage of a branch's command: which user runs it, which processes it sees, and that none of its processes survives.
//!
//! In: `[migrations] run_as`. Out: the program to start. While a [`Cage`] lives, other processes of our user cannot read the
//! environment and memory of this process.
//!
//! ```text
//! namespace  a process namespace with a /proc of its own: the command sees only its own processes. If the first of them ends,
//!            or this process is killed, the kernel ends all of them. As root, run_as changes the user inside the namespace and
//!            drops all capabilities. Without root the kernel must allow user namespaces
//! always     processes that the command leaves become children of this process (child subreaper) and are killed at its end
//! ```
//!
//! Without root and `run_as` the command can read all files that our user can read; if there is no namespace either, it can also
//! read the environment of other processes of this user, such as the build agent's. Warnings say so.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, geteuid, getpid, kill_process, set_child_subreaper,
    set_dumpable_behavior, waitpid,
};

use super::error::Error;
use crate::house::House;

/// The beginning of the command line. `setpriv` makes the kernel kill the command when this process ends, for whatever reason.
const WITH_US: &[&str] = &["setpriv", "--pdeathsig", "KILL", "--", "unshare"];

/// Options of `unshare` for a user who is not root: a user namespace, in which the process namespace can be made.
const AS_ANYBODY: &[&str] = &["--user", "--map-current-user"];

/// Options of `unshare` for the process namespace: with a /proc of its own, and killed as a whole with `unshare`.
const ALONE: &[&str] = &["--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"];

/// The first process of the namespace: a shell that starts the command and waits. The kernel kills it when its parent ends; a
/// process that changes its user would lose this.
const FIRST: &str = "\"$@\"; exit $?";

/// At most so many rounds look for processes that are left. Each round kills all that it finds.
const ROUNDS_MAX: usize = 100;

const PAUSE: Duration = Duration::from_millis(10);

/// The user that runs the command.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

/// The restrictions of the command; dropping the value kills what the command left and ends them.
#[derive(Debug)]
pub(super) struct Cage {
    user: Option<User>,
    alone: bool,
    /// Children of this process from before, such as a database server: they are not killed.
    ours: BTreeSet<i32>,
}

impl Cage {
    /// Looks up the user, tries whether a namespace can be made, and warns of what the cage cannot prevent. Makes this process
    /// unreadable for others (not dumpable) and a child subreaper.
    pub(super) fn of(house: &House, run_as: Option<&str>) -> Result<Self, Error> {
        let root = geteuid().is_root();
        let user = run_as.map(|name| looked_up(name, root)).transpose()?;
        if user.is_none() {
            house.progress.warn(
                "the branch's command runs as the user of this tool and can read that user's files: \
                 set [migrations] run_as, and run dev-restore as root",
            );
        }
        let alone = namespace(root).arg("true").status().is_ok_and(|status| status.success());
        if !alone {
            house.progress.warn(
                "no process namespace here (setpriv and unshare of util-linux; CAP_SYS_ADMIN, or user namespaces): the branch's \
                 command sees which other processes run",
            );
        }
        let ours = children(&processes(), getpid().as_raw_nonzero().get()).into_iter().collect();
        // Both calls fail only on a kernel that does not have them.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let _ = set_child_subreaper(Some(getpid()));
        Ok(Self { user, alone, ours })
    }

    /// The program that runs a line of shell in the cage.
    pub(super) fn command(&self, line: &str) -> Command {
        let shell = ["/bin/sh", "-c", line];
        if !self.alone {
            let mut command = Command::new(shell[0]);
            command.args(&shell[1..]);
            if let Some(user) = self.user {
                // `Command::uid` also drops the supplementary groups, as this process is root.
                command.uid(user.uid).gid(user.gid);
            }
            return command;
        }
        let mut command = namespace(geteuid().is_root());
        command.args(["/bin/sh", "-c", FIRST, "sh"]);
        if let Some(user) = self.user {
            command.arg("setpriv").args([format!("--reuid={}", user.uid), format!("--regid={}", user.gid)]);
            command.args([
                "--clear-groups",
                "--no-new-privs",
                "--inh-caps=-all",
                "--bounding-set=-all",
                "--",
            ]);
        }
        command.args(shell);
        command
    }

    /// Makes the user of the command the owner of a directory and all that is in it.
    pub(super) fn give(&self, directory: &Path) -> std::io::Result<()> {
        let Some(user) = self.user else { return Ok(()) };
        for entry in walkdir::WalkDir::new(directory) {
            lchown(entry?.path(), Some(user.uid), Some(user.gid))?;
        }
        Ok(())
    }

    /// Kills all processes that the command left. Returns how many are still there.
    pub(super) fn clear(&self) -> usize {
        let mut left = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            left = self.left_behind();
            if left.is_empty() {
                break;
            }
            // All are stopped before one is killed, so that none can start another one meanwhile.
            for signal in [Signal::STOP, Signal::KILL] {
                for pid in left.iter().filter_map(|pid| Pid::from_raw(*pid)) {
                    let _ = kill_process(pid, signal);
                }
            }
            for pid in left.iter().filter_map(|pid| Pid::from_raw(*pid)) {
                let _ = waitpid(Some(pid), WaitOptions::NOHANG);
            }
            std::thread::sleep(PAUSE);
        }
        left.len()
    }

    /// The descendants of this process, without the children from before the command.
    fn left_behind(&self) -> BTreeSet<i32> {
        let processes = processes();
        let mut found = BTreeSet::new();
        let mut next = children(&processes, getpid().as_raw_nonzero().get());
        next.retain(|pid| !self.ours.contains(pid));
        while let Some(pid) = next.pop() {
            if found.insert(pid) {
                next.extend(children(&processes, pid));
            }
        }
        found
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        self.clear();
        let _ = set_child_subreaper(None);
        let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    }
}

/// Looks up the uid and gid of `run_as`. Fails for root, for an unknown user, and unless this process is root.
fn looked_up(name: &str, root: bool) -> Result<User, Error> {
    let fail = |problem: String| Error::RunAs { user: name.to_owned(), problem };
    let ask = |flag: &str| {
        let output = Command::new("id").args([flag, "--", name]).stdin(Stdio::null()).output();
        let said = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
        said.and_then(|said| String::from_utf8_lossy(&said).trim().parse::<u32>().ok())
    };
    let (Some(uid), Some(gid)) = (ask("-u"), ask("-g")) else {
        return Err(fail("this host has no such user".to_owned()));
    };
    match uid {
        0 => Err(fail("root is no cage".to_owned())),
        _ if !root => Err(fail("only root can run a command as somebody else".to_owned())),
        _ => Ok(User { uid, gid }),
    }
}

/// The beginning of a command line that runs the rest of it in a namespace.
fn namespace(root: bool) -> Command {
    let mut command = Command::new(WITH_US[0]);
    let as_anybody = if root { &[] } else { AS_ANYBODY };
    command.args(&WITH_US[1..]).args(as_anybody).args(ALONE);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The parent of every process, by pid (proc_pid_stat(5)).
fn processes() -> BTreeMap<i32, i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; the state and the parent follow it.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    })
    .collect()
}

fn children(processes: &BTreeMap<i32, i32>, of: i32) -> Vec<i32> {
    processes.iter().filter(|(_, parent)| **parent == of).map(|(pid, _)| *pid).collect()
}
