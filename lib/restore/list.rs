//! What there is to choose from: dumps and targets, for people, scripts and build servers.
//!
//! In: the dump directory, `[targets]`. Out: a table, one name a line, or JSON. `--plain` always has at least one
//! line: a build server's list of choices must not be empty.

use std::io::Write;

use serde_json::{Value, json};

use super::error::Error;
use super::options::{ListOptions, TargetsOptions};
use crate::archive::DumpFile;
use crate::config::TargetConfig;
use crate::document::Failure;
use crate::house::House;
use crate::restore::load::choose::{self, Found};

/// What stands for an empty list.
const NONE: &str = "none\n";

/// Writes the dumps that are there, newest first.
pub fn list(house: &House, out: &mut dyn Write, options: &ListOptions) -> Result<(), Error> {
    let found = choose::dumps(&choose::directory(&house.config)?)?;
    let text = if options.plain {
        plain(found.iter().map(|found| found.name.as_str()))
    } else if options.json {
        format!("{:#}\n", Value::Array(found.iter().map(as_json).collect()))
    } else {
        table(&found)
    };
    // The porch hands a buffer in, which cannot fail.
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

fn plain<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { NONE.to_owned() } else { names.join("\n") + "\n" }
}

fn as_json(found: &Found) -> Value {
    let mut entry =
        json!({"name": found.name, "path": found.path, "begun": found.begun, "bytes": found.bytes});
    match DumpFile::open(&found.path) {
        Ok(dump) => {
            let manifest = dump.manifest();
            entry["rows"] = manifest.rows.into();
            entry["tables"] = manifest.tables.len().into();
            entry["as_of"] = json!(manifest.as_of);
            entry["fallback"] = manifest.fallback.into();
            entry["databases"] = manifest.databases.iter().map(|database| database.name.clone()).collect();
        }
        Err(e) => entry["problem"] = e.to_string().into(),
    }
    entry
}

fn table(found: &[Found]) -> String {
    let line = |found: &Found| {
        let size = indicatif::HumanBytes(found.bytes).to_string();
        match DumpFile::open(&found.path) {
            Ok(dump) => {
                let as_of = dump.manifest().as_of.unwrap_or(found.begun);
                let rows = indicatif::HumanCount(dump.manifest().rows).to_string();
                format!("{:<40}  {:<20}  {rows:>9}  {size:>9}\n", found.name, format!("{as_of:.0}"))
            }
            Err(e) => format!("{:<40}  not usable: {}\n", found.name, e.code()),
        }
    };
    let head = format!("{:<40}  {:<20}  {:>9}  {:>9}\n", "DUMP", "DATA OF", "ROWS", "SIZE");
    std::iter::once(head).chain(found.iter().map(line)).collect()
}

/// Writes the targets that may be refreshed.
pub fn targets(house: &House, out: &mut dyn Write, options: &TargetsOptions) -> Result<(), Error> {
    let targets = &house.config.targets;
    let text = if options.plain {
        plain(targets.keys().map(String::as_str))
    } else if options.json {
        let all = targets
            .iter()
            .map(|(name, target)| json!({"name": name, "database": target.database, "host": target.host}));
        format!("{:#}\n", Value::Array(all.collect()))
    } else {
        let line = |(name, target): (&String, &TargetConfig)| {
            let server = target.host.as_deref().or(target.socket.as_deref());
            format!("{name:<20}  {:<20}  {}\n", target.database, server.unwrap_or("as its option file says"))
        };
        let head = format!("{:<20}  {:<20}  SERVER\n", "TARGET", "DATABASE");
        std::iter::once(head).chain(targets.iter().map(line)).collect()
    };
    let _ = out.write_all(text.as_bytes());
    Ok(())
}
