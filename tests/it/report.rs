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

/// Serves a page to whoever asks, until the test ends; beside it the stylesheet, and a page of ours that measures it at a width.
fn serve(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/report.html", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let count = stream.read(&mut asked).unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..count]).into_owned();
            let (kind, policy, body) = match asked.split(' ').nth(1).unwrap_or_default() {
                "/report.css" => ("text/css", POLICY, CSS),
                "/measure.html" => ("text/html", "default-src * 'unsafe-inline'", MEASURE),
                _ => ("text/html", POLICY, page.as_str()),
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
                 Content-Security-Policy: {policy}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

const CSS: &str = include_str!("../../lib/report/page/report.css");

/// How much wider than a window of 480 and of 1280 pixels the report wants to be, what the stylesheet made of its tiles, and which words of
/// state and numbers of tiles do not fit one line.
const MEASURE: &str = "<iframe id=a src=report.html width=480 height=800></iframe><iframe id=b src=report.html width=1280 height=800></iframe>\
    <p id=found>nothing</p><script>onload = () => { const of = id => document.getElementById(id).contentDocument; \
    const broken = id => [...of(id).querySelectorAll('.facts td.good, .facts td.bad, .facts td.none, .tiles b')].filter(cell => { \
    const text = of(id).createRange(); text.selectNodeContents(cell); return text.getBoundingClientRect().height > 36 }).map(cell => cell.textContent); \
    const wide = id => of(id).documentElement.scrollWidth - of(id).documentElement.clientWidth; document.getElementById('found').textContent = \
    `480 lacks ${wide('a')}, 1280 lacks ${wide('b')}, ${of('a').querySelector('.tiles') ? getComputedStyle(of('a').querySelector('.tiles')).display : 'no tiles'}, broken ${[...broken('a'), ...broken('b')].join(' ') || 'none'}` }</script>";

/// A night with tables, relations, masks and all that a page may show.
fn whole_night() -> Document {
    let tables: Vec<String> = (1..=300)
        .map(|at| format!(r#"{{"database":"app","table":"a_rather_long_name_of_a_table_number_{at}","class":"follow","rows_before":{},"rows":{at},
            "columns":[{{"name":"electronic_mail_address","expression":"","mask":"email"}},{{"name":"birth_date","expression":"","mask":"shift"}}]}}"#, at * 1000))
        .collect();
    let text = format!(
        r#"{{"schema":"refreshkit/1","run":"nightly-20261129t140900z-with-a-long-host-name-0a1b2c3d","ok":true,
        "snapshot":{{"id":"s","created_at":"2026-11-29T11:09:00Z"}},
        "dehydration":{{"databases":["app"],"tables":[{}],"leaks":{{"refuse":true,"tables":[],"values":55894,"origins":[]}},
          "edges":[{{"child":"app.ratings(app_id)","parent":"app.applications(app_id)","origin":"declared","down_rows":12,"up_rows":1,"orphans":0,"dangling":0}}]}},
        "dump":{{"name":"app-20261129T140900Z.sql.gz","path":"","bytes":246784,"rows":11368,"tables":[]}},
        "rotation":{{"kept":[{{"name":"app-20261129T140900Z.sql.gz","reason":"newest of its day, and of all that are there"}}],"removed":[]}},
        "resources":[],"steps":[{{"tool":"rds-snap","version":"","started_at":"2026-11-29T14:09:00Z","seconds":0.5,"status":"ok",
          "note":"snapshot refreshkit-nightly-20261129t140900z-with-a-long-host-name-0a1b2c3d of cluster prod-replica ordered"}},
          {{"tool":"mydehydrate","version":"","started_at":"2026-11-29T14:09:30Z","seconds":65,"status":"skipped",
          "note":"4 column(s) that look like personal data have no mask: app.insureds.email (by its name), app.producers.email (by its name), app.users.email"}}]}}"#,
        tables.join(",")
    );
    refreshkit::document::parse(text.as_bytes()).unwrap()
}

#[test]
fn the_report_of_a_large_night_fits_a_narrow_window_with_its_own_stylesheet() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    Tool::new("refresh-report").arg("--html").arg(&file).document(&whole_night()).run().exits(0);
    assert_eq!(
        std::fs::read_to_string(folder.path().join("report.css")).unwrap(),
        CSS,
        "it is written beside the page"
    );
    let page = std::fs::read_to_string(file).unwrap();
    for told in
        ["The night worked", "data of Sunday 29 November 2026, 11:09 UTC (3 h old)", "288 more tables"]
    {
        assert!(page.contains(told), "{told}");
    }
    let address = serve(page).replace("report.html", "measure.html");
    let (found, said) = browse(&address);
    assert!(
        found.contains("480 lacks 0, 1280 lacks 0, flex, broken none"),
        "{}\n{said}",
        found.split("id=\"found\"").nth(1).unwrap_or(&found)
    );
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
