//! `rds-wait`: waits until a snapshot (or a cluster, or an instance) is usable, and falls back if a snapshot fails.
//!
//! In: a document with a `snapshot` or a `cluster`, or a name. Out: the document, once that resource is usable; or with another
//! snapshot, `fallback: true` and the reason. A signal never leads to a fallback.

pub(super) mod fallback;

use jiff::Timestamp;

use super::api::{Listing, Thing};
use super::desk::{Desk, span};
use super::error::Error;
use super::options::ServiceOptions;
use super::poll::Patience;
use super::snapshot;
use super::snapshot::NOT_ORDERED;
use crate::aws::label;
use crate::config::{Fallback, Length};
use crate::document::{Cluster, Document, Done, ResourceKind, Snapshot, Source};
use fallback::FallbackCriteria;

/// `snapshot.kind` of the document where `rds-restore` restores the source at its latest restorable time.
pub(super) const POINT_IN_TIME: &str = "pitr";

/// Flags and arguments of `rds-wait`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WaitOptions {
    /// How to reach the service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Wait for this snapshot (id or ARN), without a pipe
    #[arg(long, value_name = "ID", conflicts_with_all = ["cluster", "instance"])]
    pub snapshot: Option<String>,

    /// Wait for this cluster and its instances, without a pipe
    #[arg(long, value_name = "NAME", conflicts_with = "instance")]
    pub cluster: Option<String>,

    /// Wait for this instance, without a pipe
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,

    /// How long to wait [default: [snapshot] timeout; of a cluster [restore] timeout]
    #[arg(long, value_name = "LENGTH")]
    pub timeout: Option<Length>,

    /// What to restore if the snapshot fails or takes too long [default: [snapshot] fallback]
    ///
    /// With a fallback the exit code is 0: there is a snapshot to go on with. The document says `snapshot.fallback: true`
    /// and why, the report and its metrics say so too, and `rds-drop --fail-on fallback` makes the end of the pipe
    /// fail. With `none` the exit code is that of the cause: 69 for a snapshot that failed, 75 for one that took too long.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fallback: Option<Fallback>,

    /// The oldest data that is acceptable as a fallback [default: `[snapshot] max_age`]
    #[arg(long, value_name = "LENGTH")]
    pub max_age: Option<Length>,
}

impl WaitOptions {
    /// Whether the flags name what to wait for, so that no document is needed.
    pub fn stands_alone(&self) -> bool {
        self.snapshot.is_some() || self.cluster.is_some() || self.instance.is_some()
    }
}

/// Waits for the resource that a flag names, else for the document's snapshot, else for its cluster.
pub(super) fn until_ready(
    desk: &Desk<'_>,
    document: &mut Document,
    options: &WaitOptions,
) -> Result<Done, Error> {
    if let Some(id) = &options.cluster {
        return server(desk, document, ResourceKind::Cluster, id, options);
    }
    if let Some(id) = &options.instance {
        return server(desk, document, ResourceKind::Instance, id, options);
    }
    if let Some(id) = &options.snapshot {
        named(desk, document, id)?;
    } else if let (None, Some(cluster)) = (&document.snapshot, &document.cluster) {
        let kind = kind_of_source(document);
        return server(desk, document, kind, &cluster.id.clone(), options);
    }
    let Some(snapshot) = document.snapshot.clone() else {
        return Err(Error::Document(
            "the document has neither a snapshot nor a cluster to wait for".to_owned(),
        ));
    };
    if desk.house.dry_run {
        return Ok(Done::saying(format!("would wait for snapshot {}", snapshot.id)));
    }
    wait_for_snapshot(desk, document, &snapshot, options)
}

/// Puts a snapshot that a flag names into the document.
fn named(desk: &Desk<'_>, document: &mut Document, id: &str) -> Result<(), Error> {
    let found = snapshot::find(desk, id)?;
    document.snapshot = Some(Snapshot { id: id.to_owned(), ..snapshot::section(&found) });
    let source = document.source.get_or_insert_with(Source::default);
    match found.kind {
        ResourceKind::InstanceSnapshot => source.instance = found.parent,
        _ => source.cluster = found.parent,
    }
    Ok(())
}

fn wait_for_snapshot(
    desk: &Desk<'_>,
    document: &mut Document,
    snapshot: &Snapshot,
    options: &WaitOptions,
) -> Result<Done, Error> {
    if [POINT_IN_TIME, snapshot::CLONE].contains(&snapshot.kind.as_str()) {
        return Ok(Done::default());
    }
    let none = options.fallback.unwrap_or(desk.house.config.snapshot.fallback) == Fallback::None;
    let why = if snapshot.status == NOT_ORDERED {
        snapshot.fallback_reason.clone().unwrap_or_else(|| "no snapshot could be ordered".to_owned())
    } else {
        let kind = snapshot::snapshot_kind(kind_of_source(document));
        let timeout = options.timeout.unwrap_or(desk.house.config.snapshot.timeout).duration();
        let begun = desk.clock.now();
        let newborn = document.resources.iter().any(|owed| owed.kind == kind && owed.id == snapshot.id);
        match desk.wait_usable(kind, &snapshot.id, Patience { timeout, newborn }) {
            Ok(thing) => {
                let waited = span(desk.clock.now().saturating_sub(begun));
                document.snapshot = Some(Snapshot { id: snapshot.id.clone(), ..snapshot::section(&thing) });
                return Ok(Done::saying(format!("{} is available after {waited}", thing.label())));
            }
            Err(error @ (Error::Terminal { .. } | Error::TimedOut { .. } | Error::NoSuch(_))) if !none => {
                error.to_string()
            }
            Err(error) => return Err(error),
        }
    };
    fall_back(desk, document, &snapshot.engine, &why, options)
}

/// Replaces the document's snapshot by the configured fallback.
fn fall_back(
    desk: &Desk<'_>,
    document: &mut Document,
    engine: &str,
    why: &str,
    options: &WaitOptions,
) -> Result<Done, Error> {
    let settings = &desk.house.config.snapshot;
    let choice = options.fallback.unwrap_or(settings.fallback);
    let no = |none: String| Error::NoFallback { why: why.to_owned(), none };
    if choice == Fallback::None {
        return Err(no("fallback is \"none\"".to_owned()));
    }
    let kind = kind_of_source(document);
    let source = document.source.as_ref();
    let Some(id) = source.and_then(|source| source.cluster.clone().or_else(|| source.instance.clone()))
    else {
        return Err(no("the document does not say what the source is".to_owned()));
    };
    desk.house.progress.warn(&format!("{why}; falling back"));
    let wish = FallbackCriteria {
        now: Timestamp::now(),
        max_age: options.max_age.unwrap_or(settings.max_age).duration(),
        engine: Some(engine.to_owned()).filter(|engine| !engine.is_empty()),
    };
    let mut instead = match choice {
        Fallback::Pitr => point_in_time(desk, kind, &id, &wish)?.map_err(no)?,
        Fallback::Automated | Fallback::None => {
            let of = snapshot::snapshot_kind(kind);
            let list = desk.call(false, || desk.cloud.list(of, Listing::AutomatedOf(&id)))?;
            snapshot::section(&fallback::choose(&list, &wish).map_err(no)?)
        }
    };
    instead.fallback = true;
    instead.fallback_reason = Some(why.to_owned());
    let done = Done::saying(format!("fell back to {} {}: {why}", instead.kind, instead.id));
    document.snapshot = Some(instead);
    Ok(done)
}

/// The section `snapshot` for a restore of the source at its latest restorable time; the inner error says why that is too old.
fn point_in_time(
    desk: &Desk<'_>,
    kind: ResourceKind,
    source: &str,
    wish: &FallbackCriteria,
) -> Result<Result<Snapshot, String>, Error> {
    let Some(found) = desk.look(kind, source)? else {
        return Ok(Err(format!("there is no {}", label(kind, source))));
    };
    Ok(match wish.too_old(found.restorable_to) {
        Some(why) => Err(format!("the latest restorable time of {source} is {why}")),
        None => Ok(Snapshot {
            kind: POINT_IN_TIME.to_owned(),
            status: "available".to_owned(),
            created_at: found.restorable_to,
            arn: None,
            ..snapshot::section(&found)
        }),
    })
}

/// Waits for a cluster and its instances, or for an instance.
fn server(
    desk: &Desk<'_>,
    document: &mut Document,
    kind: ResourceKind,
    id: &str,
    options: &WaitOptions,
) -> Result<Done, Error> {
    if desk.house.dry_run {
        return Ok(Done::saying(format!("would wait for {}", label(kind, id))));
    }
    let timeout = options.timeout.unwrap_or(desk.house.config.restore.timeout).duration();
    let newborn = document.resources.iter().any(|owed| owed.kind == kind && owed.id == id);
    let patience = Patience { timeout, newborn };
    let thing = desk.wait_usable(kind, id, patience)?;
    for member in &thing.members {
        desk.wait_usable(ResourceKind::Instance, member, patience)?;
    }
    if kind == ResourceKind::Cluster && thing.members.is_empty() {
        desk.house
            .progress
            .warn(&format!("{} has no instance: nothing answers at its endpoint", thing.label()));
    }
    let cluster = document.cluster.get_or_insert_with(Cluster::default);
    describe(cluster, &thing);
    Ok(Done::saying(format!("{} is available", thing.label())))
}

/// Writes what the service says about a server into the document's section `cluster`.
pub(super) fn describe(cluster: &mut Cluster, thing: &Thing) {
    cluster.id.clone_from(&thing.id);
    cluster.resource_id.clone_from(&thing.resource_id);
    cluster.host.clone_from(&thing.host);
    cluster.port = thing.port;
    cluster.engine.clone_from(&thing.engine);
    cluster.engine_version.clone_from(&thing.engine_version);
    cluster.instances =
        if thing.kind == ResourceKind::Instance { vec![thing.id.clone()] } else { thing.members.clone() };
}

/// Whether the document's source is a cluster (also if it names none) or a plain instance.
pub(super) fn kind_of_source(document: &Document) -> ResourceKind {
    match &document.source {
        Some(Source { cluster: None, instance: Some(_), .. }) => ResourceKind::Instance,
        _ => ResourceKind::Cluster,
    }
}
