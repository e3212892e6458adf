//! An abort of the Jenkins night on `rds-local`, done as Jenkins does it.

use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::jenkins::{file, scripts};
use crate::pipe::Night;
use crate::support::servers;

/// When a build is aborted, in milliseconds from its first command on. Its calls take a second each, so that the first
/// moments are in the clean-up before the pipe.
const MOMENTS: [u64; 8] = [200, 600, 1000, 1300, 1600, 1900, 2300, 3000];

/// Moments at which the numbers of processes have begun anew in between, so that the last tools of the pipe are asked first:
/// they wait for what they are to delete and to report, and Jenkins for them.
const LAST_FIRST: [u64; 2] = [1600, 3000];

/// A process of a build, as it was when Jenkins made its list.
#[derive(Clone, Copy)]
struct Process {
    pid: i32,
    parent: i32,
}

/// State and parent, if it is there.
fn stat(pid: i32) -> Option<(char, i32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut words = text.rsplit_once(") ")?.1.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

/// Jenkins marks all processes of a build by a variable that they inherit.
fn processes(cookie: &str) -> Vec<Process> {
    let marker = format!("JENKINS_SERVER_COOKIE={cookie}");
    let of_the_build = |entry: std::fs::DirEntry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let ours = environment.split(|byte| *byte == 0).any(|word| word == marker.as_bytes());
        let pid = entry.file_name().to_str()?.parse().ok().filter(|_| ours)?;
        Some(Process { pid, parent: stat(pid)?.1 })
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(of_the_build).collect()
}

/// An abort as the controller has an agent do it: each process of the list is asked to end, the children that it had first,
/// and waited for before the next, for five seconds with its children. One that is deep gets the signal several times.
fn abort(cookie: &str, last_first: bool) {
    let mut list = processes(cookie);
    list.sort_by_key(|process| if last_first { -process.pid } else { process.pid });
    for root in &list {
        end(*root, &list, Instant::now() + Duration::from_secs(5));
    }
}

fn end(process: Process, list: &[Process], deadline: Instant) {
    for child in list.iter().filter(|child| child.parent == process.pid) {
        end(*child, list, deadline);
    }
    let there = || stat(process.pid).is_some_and(|(state, _)| state != 'Z');
    if there() {
        let _ = kill_process(Pid::from_raw(process.pid).unwrap(), Signal::TERM);
    }
    while there() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for its end, at most a minute: one that the abort does not reach goes on to a dump.
fn ended(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it does not end");
}

#[test]
fn an_abort_in_the_first_seconds_ends_the_night_of_the_jenkinsfile() {
    let night = Night::small(servers().into_iter().next().unwrap().engine);
    let script = &scripts(&file("nightly.Jenkinsfile").1)[0];
    let moments = MOMENTS.map(|moment| (moment, false)).into_iter();
    for (moment, last_first) in moments.chain(LAST_FIRST.map(|moment| (moment, true))) {
        let run = format!("abort-{moment}{}", if last_first { "-last-first" } else { "" });
        night.cloud.fault("*: slow 1s 1h");
        let mut shell = night.shell(&run, script);
        shell.env("SNAPSHOT", "").env("JENKINS_SERVER_COOKIE", &run);
        let mut shell =
            shell.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        abort(&run, last_first);
        let code = ended(&mut shell);
        night.cloud.fault("clear");
        assert_ne!(code, Some(0), "{run}");
        assert!(night.dumps().is_empty(), "{run}: a dump was made after it");
        // What post{} does.
        let dropped = night.run(&run, &format!("rds-drop --run {run}"));
        assert_eq!(dropped.code, 0, "{run}: {}", dropped.stderr);
        night.assert_clean(&run);
    }
}
