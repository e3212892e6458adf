//! `rds-local fault` and `list`, which send requests to a running service, and `destroy`, which removes a directory of ours.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::cloud::socket_folder;
use super::error::Error;
use crate::engine;
use crate::house::House;
use crate::rds_local::faults::language::FaultRule;
use crate::rds_local::state::home::StateDirectory;
use crate::rds_local::state::model::MARKER;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Which running service is meant.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// URL that `rds-local serve` printed
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,

    /// Directory that `rds-local serve` works on
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Flags of `rds-local fault`.
#[derive(Debug, Clone, clap::Args)]
pub struct FaultOptions {
    #[command(flatten)]
    pub which: Which,

    /// Faults, one per argument; without any, lists those in force
    pub faults: Vec<String>,
}

/// Flags of `rds-local list`.
#[derive(Debug, Clone, clap::Args)]
pub struct LocalListOptions {
    #[command(flatten)]
    pub which: Which,

    /// The JSON as it comes, instead of one line a resource
    #[arg(long)]
    pub json: bool,
}

/// Flags of `rds-local destroy`.
#[derive(Debug, Clone, clap::Args)]
pub struct DestroyOptions {
    /// Directory that `rds-local init` made
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
}

/// Sends fault lines to the service, or shows the faults in force if there are none.
pub(crate) fn fault(options: &FaultOptions, out: &mut dyn Write) -> Result<(), Error> {
    for line in &options.faults {
        FaultRule::parse(line).map_err(Error::Usage)?;
    }
    let endpoint = endpoint(&options.which)?;
    let method = if options.faults.is_empty() { "GET" } else { "POST" };
    let answer = request(&endpoint, method, "/faults", &options.faults.join("\n"))?;
    let _ = out.write_all(answer.as_bytes());
    Ok(())
}

/// Lists all resources, one a line: kind, id, status; or the service's JSON.
pub(crate) fn list(options: &LocalListOptions, out: &mut dyn Write) -> Result<(), Error> {
    let endpoint = endpoint(&options.which)?;
    let answer = request(&endpoint, "GET", "/", "")?;
    let value: Value = serde_json::from_str(&answer)
        .map_err(|e| Error::Endpoint { endpoint, detail: format!("the answer is not JSON: {e}") })?;
    let mut text = String::new();
    for resource in value["resources"].as_array().into_iter().flatten() {
        let word = |name: &str| resource[name].as_str().unwrap_or_default();
        let _ = writeln!(text, "{}\t{}\t{}", word("kind"), word("id"), word("status"));
    }
    let _ = out.write_all(if options.json { answer.as_bytes() } else { text.as_bytes() });
    Ok(())
}

/// Kills the servers that an ended service left running, and removes its directory. Refused while a service holds the directory.
pub(crate) fn destroy(house: &House, options: &DestroyOptions) -> Result<(), Error> {
    if !options.dir.exists() {
        house.progress.say(&format!("{} is gone already", options.dir.display()));
        return Ok(());
    }
    let home = StateDirectory::open(&options.dir)?;
    if house.dry_run {
        house.progress.say(&format!("would stop the servers of {} and remove it", home.root.display()));
        return Ok(());
    }
    let orphans = engine::stop_orphans(&home.root);
    let sockets = socket_folder(&home)?;
    let _ = std::fs::remove_dir_all(sockets);
    // The marker is removed last: as long as it is there, a second `destroy` can finish an interrupted one.
    let entries = std::fs::read_dir(&home.root).map_err(Error::file("read", &home.root))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| !path.ends_with(MARKER)) {
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(Error::file("delete", &path))?;
    }
    std::fs::remove_dir_all(&home.root).map_err(Error::file("delete", &home.root))?;
    house.progress.say(&format!("removed {} ({orphans} servers were still running)", home.root.display()));
    Ok(())
}

fn endpoint(which: &Which) -> Result<String, Error> {
    match (&which.endpoint, &which.dir) {
        (Some(url), _) => Ok(url.trim_end_matches('/').to_owned()),
        (None, Some(dir)) => running_in(dir),
        (None, None) => Err(Error::Usage("name the service with --endpoint or --dir".to_owned())),
    }
}

fn running_in(dir: &Path) -> Result<String, Error> {
    let path = dir.join("endpoint");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(_) => Err(Error::Endpoint {
            endpoint: dir.display().to_string(),
            detail: "no rds-local serves this directory".to_owned(),
        }),
    }
}

/// Sends one HTTP request and returns the body of the answer; fails on any status but 200. Reads to the end of the stream,
/// since the request asks the service to close the connection.
fn request(endpoint: &str, method: &str, path: &str, body: &str) -> Result<String, Error> {
    let fail = |detail: String| Error::Endpoint { endpoint: endpoint.to_owned(), detail };
    let place = endpoint.strip_prefix("http://").ok_or_else(|| fail("not an http:// URL".to_owned()))?;
    // The path of the endpoint's URL is its secret, and stands before the path of the request.
    let (host, secret_path) = place.split_once('/').unwrap_or((place, ""));
    let secret_path = if secret_path.is_empty() { String::new() } else { format!("/{secret_path}") };
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let length = body.len();
        write!(
            stream,
            "{method} {secret_path}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|e| fail(e.to_string()))?;
    let (head, text) =
        answer.split_once("\r\n\r\n").ok_or_else(|| fail("it is no HTTP server".to_owned()))?;
    match head.split_whitespace().nth(1) {
        Some("200") => Ok(text.to_owned()),
        _ => Err(fail(text.trim().to_owned())),
    }
}
