//! `mydump-rotate` as a step of the pipe: dump, publish, and only then rotate.
//!
//! In: the arguments of [`dump::write`]. Out: the document's `dump` and `rotation`. Both steps run under one lock.

use std::path::Path;

use jiff::Timestamp;

use super::error::Error;
use super::policy::{Decision, RetentionPolicy, decide, keep, spare};
use crate::archive::{self, DumpStore, Trust, WholeDump};
use crate::config::Config;
use crate::document::{Document, Done, Rotation, RotationVerdict};
use crate::dump::{self, Options};
use crate::house::House;

/// Writes a dump of the document's plan (or of whole databases) and rotates the older ones of the same name.
pub fn run(house: &House, document: &mut Document, options: &Options) -> Result<Done, Error> {
    let (done, store) = dump::write(house, document, options)?;
    let Some(store) = store else { return Ok(done) };
    house.remember(document);
    let mut decisions = decisions(&house.config, store.directory(), store.name())?;
    keep(&mut decisions, document.dump.as_ref().map_or("", |dump| &dump.name));
    if let Some(made) = document.dump.as_ref().filter(|dump| dump.rows == 0) {
        spare(&mut decisions);
        let (name, tables) = (&made.name, made.tables.len());
        house.progress.warn(&format!(
            "{name} has {tables} tables and no rows (is it the right database?): older dumps stay"
        ));
    }
    apply(&store, &decisions)?;
    document.rotation = Some(section(&decisions));
    Ok(done)
}

/// Decides on the dumps of one name. Files that are not whole dumps are left alone.
pub(crate) fn decisions(config: &Config, directory: &Path, name: &str) -> Result<Vec<Decision>, Error> {
    let all = archive::whole_dumps(directory, name, Trust::of(config))?;
    let policy =
        RetentionPolicy { keep_days: config.dump.keep_days, keep_at_least: config.dump.keep_at_least };
    Ok(decide_apart(all, policy, Timestamp::now()))
}

/// Decides on trusted dumps as if there were no others, so that no untrusted file can push one of them out. The others (signed
/// with a former key, or not at all) take disk space too, and are removed when they are old.
fn decide_apart(all: Vec<WholeDump>, policy: RetentionPolicy, clock: Timestamp) -> Vec<Decision> {
    let order: Vec<String> = all.iter().map(|dump| dump.file.clone()).collect();
    let (believed, others): (Vec<WholeDump>, Vec<WholeDump>) =
        all.into_iter().partition(|dump| dump.believed);
    let known = |dumps: &[WholeDump]| -> Vec<(String, Timestamp)> {
        dumps.iter().map(|dump| (dump.file.clone(), dump.as_of)).collect()
    };
    let mut decisions = decide(&known(&believed), policy, clock);
    // The age of untrusted dumps is counted from the newest trusted dump. `keep_at_least` then counts trusted dumps only.
    let newest = believed.first().cloned();
    let keep_at_least = if newest.is_some() { 0 } else { policy.keep_at_least };
    let beside: Vec<WholeDump> = others.iter().cloned().chain(newest).collect();
    let of_others = decide(&known(&beside), RetentionPolicy { keep_at_least, ..policy }, clock);
    decisions.extend(of_others.into_iter().filter(|d| others.iter().any(|other| other.file == d.file)));
    decisions.sort_by_key(|decision| order.iter().position(|file| *file == decision.file));
    decisions
}

/// Removes the dumps that the decisions do not keep.
pub(crate) fn apply(store: &DumpStore, decisions: &[Decision]) -> Result<(), Error> {
    for decision in decisions.iter().filter(|decision| !decision.keep) {
        store.remove(&decision.file)?;
    }
    Ok(store.sync()?)
}

fn section(decisions: &[Decision]) -> Rotation {
    let verdicts = |keep| {
        let some = decisions.iter().filter(move |decision| decision.keep == keep);
        some.map(|decision| RotationVerdict {
            name: decision.file.clone(),
            reason: decision.reason.clone(),
            ..RotationVerdict::default()
        })
        .collect()
    };
    Rotation { kept: verdicts(true), removed: verdicts(false), ..Rotation::default() }
}
