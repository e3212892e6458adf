//! `rds-local drop`: removes copies of this host that we made, and nothing else.
//!
//! In: a document, the name of a run, or nothing but `--expired`. Out: the same without what is gone. What is removed is what our
//! journal, or a marker with our owner's name, says is ours; a document says only what to look for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::options::LocalDropOptions;
use super::place::{self, Marker};
use crate::document::{Document, Done, Journal, LOCAL_COPY, PLAN_KEYS, Resource, chain};
use crate::engine;
use crate::house::House;
use crate::rds_local::error::Error;

/// A copy that is to go.
#[derive(Debug)]
struct CopyToDrop {
    id: String,
    run: String,
    /// Where it was made, if the debt says it.
    host: Option<String>,
    device: Option<u64>,
}

impl CopyToDrop {
    /// By what the copy says of itself.
    fn marked(marker: Marker) -> Self {
        Self { id: place::id_of(&marker.run), run: marker.run, host: None, device: None }
    }

    fn of(resource: &Resource, run: &str) -> Self {
        let Resource { id, host, device, .. } = resource.clone();
        Self { id, run: run.to_owned(), host, device }
    }

    /// That it is not here means that it is gone only where it was: on the same host, with the same disk there.
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

/// Removes what the document's run, a named run, or any run that is over has left.
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
        // Half a removal is worse than either end.
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

/// It is gone: out of the document and the journal, and so are the keys of its plan.
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

/// What the journal of a run owes, and what the document or the run's name says there may be, if that says the same of itself.
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
    // What is owed and nowhere to be found is gone, if this is where it was.
    for resource in document.resources.iter().filter(|resource| resource.kind == *LOCAL_COPY) {
        let dir = real(Path::new(resource.directory.as_deref().unwrap_or_default()));
        owed.entry(dir).or_insert_with(|| CopyToDrop::of(resource, &document.run));
    }
    Ok(owed)
}

/// What has expired: by the journals, and by the markers for those whose journal was lost.
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

/// A directory by its own path, of which it has one; as it is named, if it is not there.
fn real(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}
