//! What there is to choose from: dumps and targets, for people, scripts and build servers.
//!
//! In: the dump directory, `[targets]`. Out: a table, one name a line, or JSON. `--plain` always has at least one
//! line: a build server's list of choices must not be empty.

use std::io::Write;

use serde_json::{Value, json};

use super::error::Error;
use super::options::{ListOptions, TargetsOptions};
use crate::archive::{self, Candidate, Purpose, Trust};
use crate::config::TargetConfig;
use crate::document::Failure;
use crate::house::House;

/// What stands for an empty list.
const NONE: &str = "none\n";

/// Writes the dumps that are there, newest first.
pub fn list(house: &House, out: &mut dyn Write, options: &ListOptions) -> Result<(), Error> {
    let directory = archive::directory(&house.config, None, Purpose::Reading)?;
    let found = archive::candidates(&directory, None)?;
    let trust = Trust::of(&house.config);
    let text = if options.plain {
        plain(found.iter().map(|found| found.file.as_str()))
    } else if options.json {
        format!("{:#}\n", Value::Array(found.iter().map(|found| as_json(found, trust)).collect()))
    } else {
        table(&found, trust)
    };
    // The porch hands a buffer in, which cannot fail.
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

fn plain<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { NONE.to_owned() } else { names.join("\n") + "\n" }
}

/// One that is no dump to rely on is listed too: somebody may look for it.
fn as_json(candidate: &Candidate, trust: Trust<'_>) -> Value {
    // Scripts hand this `name` to `--dump`.
    candidate
        .read(trust)
        .map_or_else(|e| candidate.json(&candidate.file, &e), |dump| dump.json(&candidate.file))
}

fn table(found: &[Candidate], trust: Trust<'_>) -> String {
    let line = |found: &Candidate| {
        let size = indicatif::HumanBytes(found.bytes).to_string();
        match found.read(trust) {
            Ok(dump) => {
                let rows = indicatif::HumanCount(dump.rows).to_string();
                format!("{:<40}  {:<20}  {rows:>9}  {size:>9}\n", found.file, format!("{:.0}", found.as_of))
            }
            Err(e) => format!("{:<40}  not usable: {}\n", found.file, e.code()),
        }
    };
    let head = format!("{:<40}  {:<20}  {:>9}  {:>9}\n", "DUMP", "DATA OF", "ROWS", "SIZE");
    std::iter::once(head).chain(found.iter().map(line)).collect()
}

/// Writes the targets that are databases on a server.
pub fn targets(house: &House, out: &mut dyn Write, options: &TargetsOptions) -> Result<(), Error> {
    let targets = house.config.targets.iter().filter(|(_, target)| target.instance.is_none());
    let text = if options.plain {
        plain(targets.map(|(name, _)| name.as_str()))
    } else if options.json {
        let all = targets.map(|(name, target)| {
            json!({"name": name, "kind": "database", "database": target.database, "host": target.server.host})
        });
        format!("{:#}\n", Value::Array(all.collect()))
    } else {
        let line = |(name, target): (&String, &TargetConfig)| {
            let server = target.server.host.as_deref().or(target.server.socket.as_deref());
            format!("{name:<20}  {:<20}  {}\n", target.database, server.unwrap_or("as its option file says"))
        };
        let head = format!("{:<20}  {:<20}  SERVER\n", "TARGET", "DATABASE");
        std::iter::once(head).chain(targets.map(line)).collect()
    };
    let _ = out.write_all(text.as_bytes());
    Ok(())
}
