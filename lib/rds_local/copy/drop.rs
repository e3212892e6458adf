//! `rds-local drop`: removes copies on this host that we made, and nothing else.
//!
//! In: a document, the name of a run, or `--expired`. Out: the document without the removed copies. A copy is removed only if our
//! journal, or a marker with our owner's name, says that it is ours; a document alone is no proof.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::options::LocalDropOptions;
use super::place::{self, Marker};
use crate::document::{Document, Done, Journal, LOCAL_COPY, PLAN_KEYS, Resource, chain};
use crate::engine;
use crate::house::House;
use crate::rds_local::error::Error;

/// A copy that is to be removed.
#[derive(Debug)]
struct CopyToDrop {
    id: String,
    run: String,
    /// Name of the host on which the copy was made, if the journal or the document says it.
    host: Option<String>,
    device: Option<u64>,
}

impl CopyToDrop {
    /// Takes the copy from its own marker.
    fn marked(marker: Marker) -> Self {
        Self { id: place::id_of(&marker.run), run: marker.run, host: None, device: None }
    }

    fn of(resource: &Resource, run: &str) -> Self {
        let Resource { id, host, device, .. } = resource.clone();
        Self { id, run: run.to_owned(), host, device }
    }

    /// Fails if a copy whose directory is missing may still exist: on the other host that made it, or on a disk not mounted now.
    fn is_gone(&self, dir: &Path) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::NoCopy { path: dir.to_owned(), why });
        let (ours, root) = (engine::host_name(), dir.parent().unwrap_or(dir));
        match (&self.host, engine::device_of(root)) {
            (Some(host), _) if *host != ours => {
                refuse(format!("it is not here, and it was made on {host}: this host is {ours}"))
            }
            (_, None) => refuse(format!("it is not here, and neither is {}", root.display())),
            (_, Some(device)) if self.device.is_some_and(|known| known != device) => {
                refuse(format!("it is not here, and {} is on another disk than it was", root.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Removes the copies of the document's run or, with `--expired`, all expired copies. Goes on after a failure and returns the
/// first one.
pub(in crate::rds_local) fn drop(
    house: &House,
    document: &mut Document,
    options: &LocalDropOptions,
) -> Result<Done, Error> {
    let root = real(&options.place.dir(&house.state_dir)?);
    let owed = if options.expired { expired(house, &root)? } else { of_run(house, document, &root)? };
    let (mut gone, mut first) = (0_usize, None);
    for (dir, one) in &owed {
        let CopyToDrop { id, run, .. } = one;
        if house.dry_run {
            house.progress.say(&format!("would remove {id} of run {run}: {}", dir.display()));
            continue;
        }
        // A signal must not interrupt a removal in the middle.
        let _held = house.hold();
        let removed = place::remove(dir, Some(run)).and_then(|was_there| {
            if !was_there {
                one.is_gone(dir)?;
            }
            forget(house, document, id, run)?;
            Ok(was_there)
        });
        match removed {
            Ok(was_there) => gone += usize::from(was_there),
            Err(error) => {
                house.progress.warn(&format!("{id} of run {run} stays: {}", chain(&error)));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) => Err(error),
        None if house.dry_run => Ok(Done::saying(format!("{} would be removed", owed.len()))),
        None if gone == 0 => Ok(Done::saying("nothing to remove")),
        None => Ok(Done::saying(format!("{gone} removed"))),
    }
}

/// Takes a removed copy out of the document and the journal, and deletes the keys of its plan.
fn forget(house: &House, document: &mut Document, id: &str, run: &str) -> Result<(), Error> {
    let journal = house.journal(run);
    if document.run == run {
        document.forget_resource(LOCAL_COPY, id);
        house.remember(document);
    }
    if journal.path().exists() {
        journal.strike(LOCAL_COPY, id)?;
        journal.close()?;
    }
    Ok(journal.remove_secret(PLAN_KEYS)?)
}

/// Returns the copies of a run: those in its journal, and those that the document or the run's name leads to, if their own marker
/// names this run and our owner. Fails if such a directory has no such marker.
fn of_run(house: &House, document: &Document, root: &Path) -> Result<BTreeMap<PathBuf, CopyToDrop>, Error> {
    let mut owed = written(&house.journal(&document.run).resources()?, &document.run, |_| true);
    let mut claimed: Vec<PathBuf> = vec![root.join(place::id_of(&document.run))];
    claimed.extend(written(&document.resources, &document.run, |_| true).into_keys());
    let owner = house.known_owner()?;
    for dir in claimed {
        if owed.contains_key(&dir) || !dir.exists() {
            continue;
        }
        let marker = place::marker(&dir);
        let ours =
            |marker: &place::Marker| marker.run == document.run && Some(&marker.owner) == owner.as_ref();
        let Some(marker) = marker.filter(ours) else {
            let why = "neither the journal nor its copy.json says that this run and owner made it";
            return Err(Error::NoCopy { path: dir, why: why.to_owned() });
        };
        owed.insert(dir, CopyToDrop::marked(marker));
    }
    // Copies whose directory is missing are added too: `is_gone` decides whether they count as removed.
    for resource in document.resources.iter().filter(|resource| resource.kind == *LOCAL_COPY) {
        let dir = real(Path::new(resource.directory.as_deref().unwrap_or_default()));
        owed.entry(dir).or_insert_with(|| CopyToDrop::of(resource, &document.run));
    }
    Ok(owed)
}

/// Returns the expired copies: those in the journals, and those whose marker says so, in case a journal was lost.
fn expired(house: &House, root: &Path) -> Result<BTreeMap<PathBuf, CopyToDrop>, Error> {
    let now = Timestamp::now();
    let mut owed = BTreeMap::new();
    for run in Journal::runs(&house.state_dir)? {
        let over = |resource: &Resource| resource.expires_at.is_some_and(|expires| expires < now);
        owed.extend(written(&house.journal(&run).resources()?, &run, over));
    }
    let owner = house.known_owner()?;
    for (dir, marker) in place::all(root).into_iter().filter(|(_, marker)| marker.expires_at < now) {
        if Some(&marker.owner) == owner.as_ref() {
            owed.entry(dir).or_insert_with(|| CopyToDrop::marked(marker));
        } else {
            let (dir, owner) = (dir.display(), marker.owner);
            house.progress.say(&format!("{dir}: {owner} made it: left alone"));
        }
    }
    Ok(owed)
}

fn written(
    resources: &[Resource],
    run: &str,
    wanted: impl Fn(&Resource) -> bool,
) -> BTreeMap<PathBuf, CopyToDrop> {
    let is = |resource: &&Resource| resource.kind == *LOCAL_COPY && wanted(resource);
    let one = |resource: &Resource| {
        Some((real(Path::new(resource.directory.as_ref()?)), CopyToDrop::of(resource, run)))
    };
    resources.iter().filter(is).filter_map(one).collect()
}

/// Returns the canonical path of a directory; the given path if it does not exist.
fn real(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}
