//! `dev-restore targets`, for databases and instances, and `status` of one instance.
//!
//! In: `[targets]`, the directories of instances. Out: tables, one name or word a line, or JSON.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};
use walkdir::WalkDir;

use super::error::Error;
use super::home::{InstanceHome, TargetPlace};
use super::manage::{mend, places};
use super::serve::{Serving, connected};
use super::target::{InstanceTarget, is_pattern};
use crate::engine;
use crate::house::House;
use crate::restore::{self, StatusOptions, TargetsOptions};

/// The most files for one call of `filefrag`.
const FILES_A_CALL: usize = 500;

/// The state of a target before its first refresh.
const NONE_YET: &str = "none yet";

/// The present state of one instance.
struct InstanceStatus {
    name: String,
    /// Its key in `[targets]`: the name, or a pattern.
    section: String,
    /// Directory of the target; before the first refresh that of all instances.
    directory: String,
    /// `up`, `down` (on purpose), `not running` (meant to be up) or `none yet`.
    state: &'static str,
    port: u16,
    database: String,
    dump: Option<String>,
    /// Branch or tag whose migrations ran.
    reference: Option<String>,
    at: Option<Timestamp>,
    undo: bool,
    reset: bool,
    connected: Vec<String>,
    bytes: u64,
    /// Bytes in blocks that no other file shares; `None` if `filefrag` cannot tell.
    own_bytes: Option<u64>,
    free_bytes: u64,
}

/// Writes all targets, as a table, as names or as JSON.
pub(crate) fn targets(house: &House, out: &mut dyn Write, options: &TargetsOptions) -> Result<(), Error> {
    let instances = all(house)?;
    if options.plain {
        let mut names: Vec<&str> = instances.iter().map(|one| one.name.as_str()).collect();
        names.extend(house.config.targets.keys().map(String::as_str).filter(|name| !is_pattern(name)));
        names.sort_unstable();
        names.dedup();
        // `none` for a build server, whose list of choices must not be empty.
        let text = if names.is_empty() { "none".to_owned() } else { names.join("\n") };
        let _ = writeln!(out, "{text}");
        return Ok(());
    }
    if options.json {
        let mut text = Vec::new();
        restore::targets(house, &mut text, options)?;
        let mut all: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
        all.extend(instances.iter().map(InstanceStatus::json));
        let _ = writeln!(out, "{:#}", Value::Array(all));
        return Ok(());
    }
    // The table of databases; if there is no target at all, only its head.
    if instances.is_empty() || house.config.targets.values().any(|target| target.instance.is_none()) {
        restore::targets(house, out, options)?;
        let _ = if instances.is_empty() { Ok(()) } else { writeln!(out) };
    }
    if !instances.is_empty() {
        let head = ["INSTANCE", "PORT", "STATE", "DUMP", "BRANCH", "AGE", "CONNECTED", "SIZE", "OWN", "FREE"];
        let mut lines = vec![head.map(str::to_owned)];
        lines.extend(instances.iter().map(InstanceStatus::line));
        let _ = write!(out, "{}", table(&lines));
    }
    Ok(())
}

/// Writes the state of one instance. With `--repair` first finishes or reverts what a killed run left.
pub(crate) fn status(
    house: &House,
    out: &mut dyn Write,
    target: &InstanceTarget,
    options: &StatusOptions,
) -> Result<(), Error> {
    let repaired = if options.repair { Some(mend(house, target)?) } else { None };
    let home = InstanceHome::existing(target)?;
    let home = home.ok_or(Error::Nothing { target: target.name.clone(), what: "no instance yet" })?;
    let place = TargetPlace::look(&home, &target.name)?;
    let word = word(&place);
    let shown = status_of(&home, target)?;
    if options.plain {
        let _ = writeln!(out, "{word}");
    } else if options.json {
        let mut value = shown.json();
        value["state"] = word.into();
        value["repaired"] = repaired.into();
        let _ = writeln!(out, "{value}");
    } else {
        let _ = writeln!(out, "{}: {} on port {}", shown.name, shown.database, shown.port);
        if let Some(repaired) = repaired {
            let _ = writeln!(out, "  repaired  {repaired}");
        }
        let _ = writeln!(out, "  state     {word}");
        if let (Some(at), Some(dump)) = (shown.at, &shown.dump) {
            let reference = shown.reference.as_ref().map_or(String::new(), |name| format!(" @ {name}"));
            let _ = writeln!(out, "  refreshed {at:.0} from {dump}{reference}");
        }
        let _ = writeln!(out, "  login     {}", place.client().display());
    }
    Ok(())
}

/// Returns the state in one word, for scripts: as `status --plain` of a database target, or `down`, or `none`.
fn word(place: &TargetPlace<'_>) -> &'static str {
    if place.state.next.is_some() {
        return "unfinished";
    }
    match Serving::in_use(place) {
        None => "none",
        Some(serving) if serving.runs_at_port() => "whole",
        Some(_) if place.state.up => "interrupted",
        Some(_) => "down",
    }
}

/// Returns all existing instances, and those of `refresh.toml` that do not exist yet.
fn all(house: &House) -> Result<Vec<InstanceStatus>, Error> {
    let mut shown = Vec::new();
    match places(house, None) {
        Ok(found) => {
            for (home, target) in found {
                shown.push(status_of(&home, &target)?);
            }
        }
        // Only a warning: a user who may not read the instances can still use the other targets.
        Err(e) => house.progress.warn(&format!("instances are not shown: {e}")),
    }
    for (name, settings) in InstanceTarget::sections(&house.config) {
        if !is_pattern(name) && !shown.iter().any(|one| one.name == *name) {
            shown.push(InstanceStatus {
                name: name.clone(),
                section: name.clone(),
                directory: settings.instance.clone().unwrap_or_default(),
                port: settings.server.port.unwrap_or_default(),
                database: settings.database.clone(),
                ..InstanceStatus::nothing()
            });
        }
    }
    Ok(shown)
}

/// Reads the present state of one instance.
fn status_of(home: &InstanceHome, target: &InstanceTarget) -> Result<InstanceStatus, Error> {
    let place = TargetPlace::look(home, &target.name)?;
    let serving = Serving::in_use(&place);
    let answers = serving.as_ref().is_some_and(Serving::runs_at_port);
    let generation = serving.map(|serving| serving.generation);
    let data = place.state.current.as_ref().map(|current| place.data(current));
    let (bytes, own_bytes) = data.as_deref().map_or((0, None), sizes);
    Ok(InstanceStatus {
        name: target.name.clone(),
        section: target.section.clone(),
        directory: place.dir.display().to_string(),
        state: match (generation.is_some(), answers, place.state.up) {
            (false, ..) => NONE_YET,
            (_, true, _) => "up",
            (_, false, true) => "not running",
            (_, false, false) => "down",
        },
        port: place.state.port,
        database: generation
            .map_or(target.settings.database.clone(), |generation| generation.database.clone()),
        dump: generation.map(|generation| generation.dump.clone()),
        reference: generation.and_then(|generation| generation.reference.clone()),
        at: generation.map(|generation| generation.at),
        undo: place.state.previous.is_some(),
        reset: generation.is_some_and(|generation| generation.base),
        connected: serving.filter(|_| answers).and_then(|serving| connected(&serving)).unwrap_or_default(),
        bytes,
        own_bytes,
        free_bytes: engine::free_bytes(&home.root)?,
    })
}

impl InstanceStatus {
    fn nothing() -> Self {
        Self {
            name: String::new(),
            section: String::new(),
            directory: String::new(),
            state: NONE_YET,
            port: 0,
            database: String::new(),
            dump: None,
            reference: None,
            at: None,
            undo: false,
            reset: false,
            connected: Vec::new(),
            bytes: 0,
            own_bytes: None,
            free_bytes: 0,
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "kind": "instance", "section": self.section, "database": self.database,
            "directory": self.directory, "port": self.port, "state": self.state, "dump": self.dump,
            "ref": self.reference, "refreshed_at": self.at, "undo": self.undo, "reset": self.reset,
            "connected": self.connected, "bytes": self.bytes, "own_bytes": self.own_bytes, "free_bytes": self.free_bytes,
        })
    }

    fn line(&self) -> [String; 10] {
        let dash = || "-".to_owned();
        let size = |bytes: u64| indicatif::HumanBytes(bytes).to_string();
        let age = self.at.map(|at| Timestamp::now().duration_since(at).unsigned_abs());
        [
            self.name.clone(),
            self.port.to_string(),
            self.state.to_owned(),
            self.dump.as_ref().map_or_else(dash, |dump| dump.trim_end_matches(".sql.gz").to_owned()),
            self.reference.clone().unwrap_or_else(dash),
            age.map_or_else(dash, |age| indicatif::HumanDuration(age).to_string()),
            if self.connected.is_empty() { dash() } else { self.connected.join(",") },
            if self.bytes == 0 { dash() } else { size(self.bytes) },
            self.own_bytes.map_or_else(dash, size),
            if self.free_bytes == 0 { dash() } else { size(self.free_bytes) },
        ]
    }
}

fn table(lines: &[[String; 10]]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..10).map(width).collect();
    let line = |line: &[String; 10]| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// Returns the bytes of a data directory on the disk, and those in blocks that no other file shares, if `filefrag` can tell.
fn sizes(data: &Path) -> (u64, Option<u64>) {
    let files = WalkDir::new(data).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let files: Vec<_> = files.map(walkdir::DirEntry::into_path).collect();
    let blocks = |path: &std::path::PathBuf| std::fs::metadata(path).map_or(0, |found| found.blocks() * 512);
    let own = files.chunks(FILES_A_CALL).map(|files| {
        let mut command = Command::new("filefrag");
        command.arg("-v").args(files).stdin(Stdio::null());
        let output = command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().ok()?;
        output.status.success().then(|| unshared(&String::from_utf8_lossy(&output.stdout)))
    });
    (files.iter().map(blocks).sum(), own.sum())
}

/// Adds up the bytes of the extents that are not shared, from the output of `filefrag -v`.
fn unshared(said: &str) -> u64 {
    let mut block = 4096;
    let mut bytes = 0;
    for line in said.lines() {
        if let Some(found) = line.rsplit_once("blocks of ").and_then(|(_, rest)| rest.split(' ').next()) {
            block = found.parse().unwrap_or(block);
            continue;
        }
        let fields: Vec<&str> = line.split(':').map(str::trim).collect();
        let [extent, _, _, length, ..] = fields.as_slice() else { continue };
        let flags = fields.last().copied().unwrap_or_default();
        if extent.parse::<u64>().is_ok() && !flags.contains("shared") {
            bytes += length.parse::<u64>().unwrap_or(0) * block;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_that_other_files_share_are_not_ones_own() {
        let said = "Filesystem type is: 58465342\nFile size of a is 24576 (6 blocks of 4096 bytes)\n \
                    ext:     logical_offset:        physical_offset: length:   expected: flags:\n   \
                    0:        0..       3:         24..        27:      4:             shared\n   \
                    1:        4..       5:         40..        41:      2:         28: last,eof\na: 2 extents found\n";
        assert_eq!(unshared(said), 8192);
    }
}
