//! Signals to the RDS tools: a polite one at once, and SIGKILL at any moment.

use std::io::{Read, Write};
use std::process::Child;
use std::time::{Duration, Instant};

use rand::Rng;
use refreshkit::document::{Document, ErrorReport, Failure, Interrupted};
use rustix::process::{Pid, Signal, kill_process};

use crate::rds_cloud::{ROWS, Stage, stage};
use crate::rds_drop::until_there;
use crate::support::{Tool, until_it_listens};

/// How many random moments a kill is tried at, with the journal and without; `REFRESHKIT_TEST_KILLS=50` for the whole
/// of it.
const KILLS: u32 = 3;

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Starts a tool and hands it a document.
fn started(stage: &Stage, name: &str, arguments: &[&str], document: Option<&Document>) -> Child {
    begun_with(stage.tool(name), arguments, document)
}

fn begun_with(tool: Tool, arguments: &[&str], document: Option<&Document>) -> Child {
    let mut child = tool.args(arguments.iter().copied()).spawn();
    let mut stdin = child.stdin.take().unwrap();
    if let Some(document) = document {
        let _ = stdin.write_all(refreshkit::document::render(document).as_bytes());
    }
    child
}

#[test]
fn a_terminated_restore_stops_at_once_and_its_document_says_what_there_is() {
    let stage = stage(None);
    let snapped = stage.tool("rds-snap").args(["--run", "term"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0).document();
    stage.fault(&["cluster kit-term: stick"]);
    let mut child = started(&stage, "rds-restore", &[], Some(&waited));
    until_there(&stage, "cluster kit-term");
    until_it_listens(&child);
    signal(&child, Signal::TERM);
    signal(&child, Signal::TERM);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    // It did not wait for the cluster, which would never have come.
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let document = refreshkit::document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.error.as_ref().unwrap().code, "interrupted");
    assert_eq!(document.resources.len(), 2);
    stage.fault(&["clear"]);
    stage.dropped(&document);
}

#[test]
fn a_terminated_drop_has_asked_for_every_delete() {
    let stage = stage(None);
    let document = stage.restored("late");
    let mut failed = document.clone();
    failed.fail(ErrorReport::of("mydehydrate", &Interrupted { terminated: true } as &dyn Failure));
    stage.fault(&["cluster kit-late: stick"]);
    let mut child = started(&stage, "rds-drop", &[], Some(&failed));
    until_it_listens(&child);
    signal(&child, Signal::TERM);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let still = stage.left();
    assert!(still.iter().any(|line| line.starts_with("cluster kit-late")), "{still:?}");
    assert!(still.iter().all(|line| line.ends_with("deleting")), "{still:?}");
    stage.fault(&["clear"]);
    stage.drop_run("late").exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn after_a_kill_at_any_moment_nothing_is_left_and_production_is_as_it_was() {
    let stage = stage(None);
    // The agent's disk is gone in every other round: whoever shares the owner may clean up.
    stage.write_config("owner = \"the night\"");
    let kills = kills();
    let whole = {
        let begun = Instant::now();
        let document = stage.restored("whole");
        let took = begun.elapsed();
        stage.dropped(&document);
        took
    };
    for (round, with_journal) in (0..kills).flat_map(|round| [(round, true), (round, false)]) {
        let run = format!("kill-{round}-{with_journal}");
        let moment = whole.mul_f64(rand::rng().random_range(0.0..1.0));
        kill_at(&|name| stage.tool(name), &run, moment);
        let there = stage.left();
        eprintln!("{run}: killed after {moment:?} of {whole:?}: {there:?}");
        if !with_journal {
            // The agent's disk is gone, too.
            let _ = std::fs::remove_dir_all(stage.state_dir());
            stage.until_all_calls_are_answered();
        }
        stage.drop_run(&run).exits(0);
        assert_eq!(stage.left(), Vec::<String>::new(), "killed after {moment:?} of {whole:?}");
        assert!(!stage.state_dir().join(format!("{run}.cnf")).exists());
    }
    let count: u64 = stage.source().first("counting", "SELECT COUNT(*) FROM app.notes").unwrap().unwrap();
    assert_eq!(count, ROWS);
}

/// How many random moments a kill is tried at.
pub(crate) fn kills() -> u32 {
    let asked = std::env::var_os("REFRESHKIT_TEST_KILLS").and_then(|text| text.to_str()?.parse().ok());
    asked.unwrap_or(KILLS)
}

/// Runs the pipe and kills all of it with SIGKILL after `moment`. Gives the document if it was done before, or failed.
pub(crate) fn kill_at(tool: &dyn Fn(&str) -> Tool, run: &str, moment: Duration) -> Option<Document> {
    let begun = Instant::now();
    let mut document: Option<Document> = None;
    for (name, arguments) in [("rds-snap", vec!["--run", run]), ("rds-wait", vec![]), ("rds-restore", vec![])]
    {
        let mut child = begun_with(tool(name), &arguments, document.as_ref());
        loop {
            if begun.elapsed() >= moment {
                signal(&child, Signal::KILL);
                child.wait().unwrap();
                return None;
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        document = Some(refreshkit::document::parse(text.as_bytes()).unwrap());
    }
    document
}
