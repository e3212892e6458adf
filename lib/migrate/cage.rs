//! The cage of a branch's command: who runs it, what it can see, and that nothing of it survives.
//!
//! In: `[migrations] run_as`. Out: the program to start; and, while the value lives, a process of ours whose environment and memory no
//! process of our own user can read.
//!
//! ```text
//! namespace  of processes, with a /proc of its own: it sees none of ours, and with its first process all of it ends, also if we are killed
//!            (the kernel does both). As root run_as changes the user within, and takes every capability; another user needs a
//!            kernel that lets everybody make namespaces
//! always     whatever it leaves behind becomes a child of ours (child subreaper), and is killed when the command has ended
//! ```
//!
//! Not promised without root and `run_as`: that it cannot read files that our user can read. Without a namespace neither: that it cannot
//! read the environment of other processes of this user, such as the agent's. Warnings say so.

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

/// The beginning of the command line: the command is killed when we end, whatever ends us.
const WITH_US: &[&str] = &["setpriv", "--pdeathsig", "KILL", "--", "unshare"];

/// What lets a user who is not root make the rest.
const AS_ANYBODY: &[&str] = &["--user", "--map-current-user"];

/// Sees only itself, ends with its first process.
const ALONE: &[&str] = &["--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"];

/// The first process of the namespace. It keeps the right to be ended with its parent, which a change of the user would take.
const FIRST: &str = "\"$@\"; exit $?";

/// How often the processes that are left are looked for: each round kills all that were there when it began.
const ROUNDS_MAX: usize = 100;

const PAUSE: Duration = Duration::from_millis(10);

/// The user that runs the command.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

/// What is around the command while it runs.
#[derive(Debug)]
pub(super) struct Cage {
    user: Option<User>,
    alone: bool,
    /// Children that were there before, such as a server of ours.
    ours: BTreeSet<i32>,
}

impl Cage {
    /// Closes our side, and says what the cage cannot keep.
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
        // Neither can fail but on a kernel that knows neither.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let _ = set_child_subreaper(Some(getpid()));
        Ok(Self { user, alone, ours })
    }

    /// The program that runs a line of shell.
    pub(super) fn command(&self, line: &str) -> Command {
        let shell = ["/bin/sh", "-c", line];
        if !self.alone {
            let mut command = Command::new(shell[0]);
            command.args(&shell[1..]);
            if let Some(user) = self.user {
                // Supplementary groups go with the user.
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

    /// Gives a directory and all that is in it to whoever runs the command.
    pub(super) fn give(&self, directory: &Path) -> std::io::Result<()> {
        let Some(user) = self.user else { return Ok(()) };
        for entry in walkdir::WalkDir::new(directory) {
            lchown(entry?.path(), Some(user.uid), Some(user.gid))?;
        }
        Ok(())
    }

    /// Kills all that the command left behind. Returns how many are still there.
    pub(super) fn clear(&self) -> usize {
        let mut left = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            left = self.left_behind();
            if left.is_empty() {
                break;
            }
            // First none of them runs, so that none starts another one meanwhile.
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

    /// Our descendants but for those that were there before.
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

/// Who a name is, as this host knows it.
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

/// Every process and its parent (proc_pid_stat(5)).
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
