//! Documents and files that somebody else wrote: nobody logs in where they say, nothing is run, and one sentence says why.
//!
//! Cases are folders, `tests/cases/hostile_documents/NAME/`:
//!
//! ```text
//! args           the tool and its flags
//! document.json  what comes on stdin; nothing if it is not there
//! refresh.toml   the configuration, if there is one
//! env            NAME=VALUE, one a line
//! expect.txt     the exit code, then fragments of what is said, one a line
//! *.cnf          option files, readable by their owner only
//! ```
//!
//! `{dir}` stands for a directory with all of that in it, `{port}` for a port of 127.0.0.1 where somebody listens and writes
//! down what he is sent: he must be sent nothing. `hunter2` is the secret of all cases, and must be nowhere.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::closure::cases;
use crate::support::{Output, Tool, path};

const SECRET: &str = "hunter2";

/// Somebody who listens, and what each who came sent him.
fn listener() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut seen = Vec::new();
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let _ = stream.read_to_end(&mut seen);
            if sender.send(seen).is_err() {
                return;
            }
        }
    });
    (port, receiver)
}

fn run(case: &Path, tool: &str, arguments: &str, fill: &dyn Fn(&str) -> String, directory: &Path) -> Output {
    let read = |name: &str| fs::read_to_string(case.join(name)).ok().map(|text| fill(&text));
    for entry in fs::read_dir(case).unwrap().map(Result::unwrap) {
        let target = directory.join(entry.file_name());
        fs::write(&target, fill(&fs::read_to_string(entry.path()).unwrap())).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut tool = Tool::new(tool)
        .env("REFRESH_STATE_DIR", directory.join("state"))
        .env("HOME", directory)
        .args(arguments.split_whitespace());
    if case.join("refresh.toml").exists() {
        tool = tool.env("REFRESH_CONFIG", directory.join("refresh.toml"));
    }
    for line in read("env").unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').unwrap();
        tool = tool.env(name, value);
    }
    tool.stdin(read("document.json").unwrap_or_default()).run()
}

#[test]
fn nothing_is_done_because_a_document_or_a_file_says_so() {
    let mut count = 0;
    for case in cases("hostile_documents") {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let directory = tempfile::tempdir().unwrap();
        let (port, seen) = listener();
        let fill = |text: &str| {
            let dir = directory.path().to_str().unwrap();
            text.replace("{dir}", dir).replace("{port}", &port.to_string())
        };
        let words = fill(&fs::read_to_string(case.join("args")).unwrap());
        let (tool, arguments) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let output = run(&case, tool, arguments, &fill, directory.path());
        let expect = fill(&fs::read_to_string(case.join("expect.txt")).unwrap());
        let (code, fragments) = expect.split_once('\n').unwrap();
        let said = format!("{}\n{}", output.stderr, output.stdout);
        assert_eq!(output.code.to_string(), code, "{name}: {said}");
        for fragment in fragments.lines() {
            assert!(output.stderr.contains(fragment), "{name}: no {fragment:?} in {said}");
        }
        assert!(!said.contains(SECRET), "{name}: {said}");
        assert!(seen.try_recv().is_err(), "{name}: somebody came");
        count += 1;
    }
    assert!(count > 15, "{count}");
}

/// Few bytes that become many, and many bytes.
fn large() -> Vec<(&'static str, String)> {
    let head = r#"{"schema":"refreshkit/1","run":"r","#;
    let many = |begin: &str, item: &str, end: &str, count: usize| {
        format!("{head}{begin}{}{item}{end}", format!("{item},").repeat(count))
    };
    vec![
        ("60 MB of []", format!("[{}[]]", "[],".repeat(20_000_000))),
        ("30 MB of []", format!("[{}[]]", "[],".repeat(10_000_000))),
        ("30 MB of [", "[".repeat(30 << 20)),
        ("unknown fields", many(r#""x":["#, "[]", "]}", 9_000_000)),
        ("unknown objects", many(r#""x":["#, r#"{"":0}"#, "]}", 4_000_000)),
        ("tables", many(r#""dehydration":{"tables":["#, "{}", "]}}", 9_000_000)),
        ("edges", many(r#""dehydration":{"edges":["#, "{}", "]}}", 9_000_000)),
        (
            "steps",
            many(
                r#""steps":["#,
                r#"{"tool":"","version":"","seconds":0,"status":"ok","note":""}"#,
                "]}",
                500_000,
            ),
        ),
        ("one text", format!("{head}\"x\":\"{}\"}}", "x".repeat(31 << 20))),
    ]
}

#[test]
fn whatever_comes_on_stdin_takes_less_than_256_mib() {
    let home = tempfile::tempdir().unwrap();
    let input = home.path().join("input");
    for (name, text) in large() {
        fs::write(&input, text).unwrap();
        // The other tools read it in the same way.
        let mut ways = vec![("mydehydrate", &[][..])];
        if ["tables", "one text"].contains(&name) {
            ways.extend([("mydehydrate", &["--get", ""][..]), ("refresh-report", &[][..])]);
        }
        for (tool, flags) in ways {
            // All that a process may write to but its files.
            let output = Command::new("bash")
                .args(["-c", r#"ulimit -d 262144; exec "$@""#, "bash"])
                .arg(path(tool))
                .args(flags)
                .env("REFRESH_STATE_DIR", home.path().join("state"))
                .env("HOME", home.path())
                .env_remove("REFRESH_CONFIG")
                .stdin(fs::File::open(&input).unwrap())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            // What is no document of ours has no cluster either, and says so.
            let expected: &[i32] = if name == "one text" { &[0, 65] } else { &[65] };
            let code = output.status.code();
            assert!(code.is_some_and(|code| expected.contains(&code)), "{name}, {tool}: {code:?} {said}");
            assert!(said.lines().count() <= 2, "{name}, {tool}: {said}");
        }
    }
}
