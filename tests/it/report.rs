//! The HTML report in a real browser, under the policy with which build servers serve archived pages.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use refreshkit::document::{Document, ErrorReport, Snapshot, Step, StepStatus};

use crate::support::Tool;

/// What Jenkins sends with every archived file (hudson.model.DirectoryBrowserSupport).
const POLICY: &str = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';";

fn night() -> Document {
    let mut document = Document::new("night-<b>1</b>");
    document.fail(ErrorReport {
        tool: "rds-wait".into(),
        code: "timeout".into(),
        exit: 75,
        message: "<script>document.title = 'taken over'</script>".into(),
        hint: None,
        retryable: true,
        other: serde_json::Map::new(),
    });
    document.snapshot = Some(Snapshot { id: "rds:auto-1".into(), fallback: true, ..Snapshot::default() });
    document.steps.push(Step {
        tool: "rds-wait".into(),
        version: String::new(),
        started_at: None,
        seconds: 12.5,
        status: StepStatus::Failed,
        note: "waited".into(),
        other: serde_json::Map::new(),
    });
    document
}

/// Serves one page to whoever asks, until the test ends.
fn serve(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/report.html", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = page.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
                 Content-Security-Policy: {POLICY}\r\nConnection: close\r\n\r\n{page}"
            );
        }
    });
    address
}

/// What the browser made of a page, and what it complained of.
fn browse(address: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--enable-logging=stderr", "--dump-dom", address])
        .output()
        .expect("chromium is needed: scripts/test installs it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_browser_shows_the_report_as_build_servers_serve_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    Tool::new("refresh-report").arg("--html").arg(&file).document(&night()).run().exits(75);
    let (page, said) = browse(&serve(std::fs::read_to_string(file).unwrap()));
    assert!(page.contains("<title>refreshkit night-&lt;b&gt;1&lt;/b&gt;</title>"), "{page}{said}");
    assert!(page.contains("fallback snapshot rds:auto-1"), "{page}");
    assert!(!said.contains("Content Security Policy"), "the page needs what is forbidden: {said}");
    // The same browser does complain of what the policy forbids: the line above can fail.
    let (_, said) = browse(&serve("<p style='color: red'>x</p><script>1</script>".to_owned()));
    assert!(said.contains("Content Security Policy"), "{said}");
}
