//! `rds-snap`: orders a snapshot of the source and does not wait for it.
//!
//! In: the name of a cluster or instance, or of a snapshot to use instead. Out: the document's `source` and `snapshot`, and an
//! entry of `resources`. A used-up quota is no error where `[snapshot] fallback` is set: `rds-wait` then falls back.

pub(super) mod usual;

use jiff::Timestamp;

use super::api::Thing;
use super::desk::Desk;
use super::error::Error;
use super::names;
use super::options::{self, ServiceOptions};
use super::poll::Patience;
use crate::aws::{CallFailure, FaultClass, label};
use crate::config::{Fallback, Length};
use crate::document::{Document, Done, ResourceKind, Snapshot, Source};
use crate::rds::guard::adopt::{self, Intent};

/// `snapshot.status` of the document where a quota let no snapshot be ordered.
pub(super) const NOT_ORDERED: &str = "not-ordered";

/// `snapshot.kind` of the document where `rds-restore` clones the source, as the source is at that moment.
pub(super) const CLONE: &str = "clone";

/// Flags and arguments of `rds-snap`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SnapOptions {
    /// How to reach the service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Aurora cluster to take a snapshot of [default: [source] cluster]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["instance", "snapshot"])]
    pub cluster: Option<String>,

    /// RDS MySQL instance to take a snapshot of [default: [source] instance]
    #[arg(long, value_name = "NAME", conflicts_with = "snapshot")]
    pub instance: Option<String>,

    /// Use this snapshot (id or ARN) instead of taking one; it is not deleted afterwards
    #[arg(long, value_name = "ID")]
    pub snapshot: Option<String>,

    /// Do not ask first whether the copy can be made of it (what rds-restore --check asks)
    #[arg(long)]
    pub no_check: bool,

    /// How long to wait for a busy source [default: [snapshot] timeout]
    #[arg(long, value_name = "LENGTH")]
    pub timeout: Option<Length>,
}

/// Orders the snapshot, or finds the one that `--snapshot` names.
///
/// `ready` checks the source before anything is ordered: without it the run would fail for the same reason an hour later.
pub(super) fn take(
    desk: &Desk<'_>,
    document: &mut Document,
    options: &SnapOptions,
    ready: impl FnOnce(&Thing) -> Result<(), Error>,
) -> Result<Done, Error> {
    if let Some(id) = &options.snapshot {
        return reuse(desk, document, id);
    }
    let (kind, source) = source_of(desk, options)?;
    super::options::apart(&desk.house.config, &source)?;
    super::options::tags(&desk.house.config)?;
    let timeout = options.timeout.unwrap_or(desk.house.config.snapshot.timeout).duration();
    let patience = Patience { timeout, newborn: false };
    let Some(found) = desk.look(kind, &source)? else {
        return Err(Error::NoSuch(label(kind, &source)));
    };
    require_mysql(&found)?;
    ready(&found)?;
    let found = desk.wait_usable(kind, &source, patience)?;
    document.source = Some(source_section(&found, &desk.house.config.source.databases));
    if desk.house.config.restore.clone && kind == ResourceKind::Cluster {
        return Ok(leave_to_clone(document, &found));
    }
    let of = snapshot_kind(kind);
    let id = names::of_run(options::prefix(&desk.house.config)?, &document.run);
    if desk.house.dry_run {
        let done = Done::saying(format!("would take snapshot {id} of {}", found.label()));
        document.snapshot = Some(Snapshot { id, status: "planned".to_owned(), ..Snapshot::default() });
        return Ok(done);
    }
    let mut intent = Intent::new(desk.house, &document.run, &found.identity(), (of, &id))?;
    intent.parent = Some(found.id.clone());
    intent.more_tags.clone_from(&desk.house.config.snapshot.tags);
    let tags = intent.tags(&document.run);
    let made = adopt::create(desk, document, &intent, || desk.cloud.snapshot(of, &id, &found.id, &tags));
    match made {
        Ok(thing) => {
            document.snapshot = Some(section(&thing));
            Ok(Done::saying(format!("snapshot {id} of {} ordered", found.label())))
        }
        Err(Error::Call(fault)) if may_fall_back(desk, &fault) => {
            leave_to_fallback(desk, document, intent.kind, &id, &fault)
        }
        Err(error) => Err(error),
    }
}

/// The engines whose data the later tools of the pipe can read.
const ENGINES: &[&str] = &["aurora-mysql", "aurora", "mysql", "mariadb"];

/// Refuses a source that the later tools cannot use: otherwise the run would fail at the login to the copy, an hour later.
fn require_mysql(source: &Thing) -> Result<(), Error> {
    if let Some(cluster) = &source.parent {
        return Err(Error::Member { instance: source.id.clone(), cluster: cluster.clone() });
    }
    if source.is_multi_az() {
        return Err(Error::MultiAz(source.label()));
    }
    if !source.engine.is_empty() && !ENGINES.contains(&source.engine.as_str()) {
        return Err(Error::Engine { what: source.label(), engine: source.engine.clone() });
    }
    Ok(())
}

/// Takes no snapshot, since `rds-restore` will clone the source itself: a snapshot would cost time and money and never be read.
fn leave_to_clone(document: &mut Document, found: &Thing) -> Done {
    document.snapshot = Some(Snapshot {
        kind: CLONE.to_owned(),
        status: "available".to_owned(),
        created_at: Some(Timestamp::now()),
        arn: None,
        ..section(found)
    });
    Done::saying(format!("no snapshot is taken: [restore] clone = true makes the copy of {}", found.label()))
}

/// Whether the run can go on without its own snapshot: a quota is used up, and a fallback is configured.
fn may_fall_back(desk: &Desk<'_>, fault: &CallFailure) -> bool {
    fault.class == FaultClass::Quota && desk.house.config.snapshot.fallback != Fallback::None
}

fn leave_to_fallback(
    desk: &Desk<'_>,
    document: &mut Document,
    kind: ResourceKind,
    id: &str,
    fault: &CallFailure,
) -> Result<Done, Error> {
    desk.house.progress.warn(&format!("{fault}; rds-wait will fall back to another snapshot"));
    desk.house.journal(&document.run).strike(kind, id)?;
    document.forget_resource(kind, id);
    let mut snapshot = Snapshot { id: id.to_owned(), status: NOT_ORDERED.to_owned(), ..Snapshot::default() };
    snapshot.fallback_reason = Some(format!("no snapshot could be ordered ({fault})"));
    document.snapshot = Some(snapshot);
    Ok(Done::saying(format!("no snapshot could be ordered: {fault}")))
}

/// Puts an existing snapshot into the document. The run has not created it, so the run does not delete it.
fn reuse(desk: &Desk<'_>, document: &mut Document, id: &str) -> Result<Done, Error> {
    let found = find(desk, id)?;
    let parent = found.parent.clone().unwrap_or_default();
    let mut source = Source { databases: desk.house.config.source.databases.clone(), ..Source::default() };
    source.resource_id = Some(found.resource_id.clone()).filter(|text| !text.is_empty());
    match found.kind {
        ResourceKind::InstanceSnapshot => source.instance = Some(parent),
        _ => source.cluster = Some(parent),
    }
    document.source = Some(source);
    let mut snapshot = section(&found);
    if id.starts_with("arn:") {
        // A shared snapshot is restored by its ARN only.
        id.clone_into(&mut snapshot.id);
    }
    document.snapshot = Some(snapshot);
    Ok(Done::saying(format!("{} is used, {}", found.label(), found.status)))
}

/// Finds a snapshot by its name or ARN, be it of a cluster or of an instance.
pub(super) fn find(desk: &Desk<'_>, id: &str) -> Result<Thing, Error> {
    if let Some(problem) = names::snapshot_problem(id) {
        return Err(Error::Name { what: "snapshot", name: id.to_owned(), problem });
    }
    for kind in kinds_of(id) {
        if let Some(found) = desk.look(*kind, id)? {
            return Ok(found);
        }
    }
    Err(Error::NoSuch(label(ResourceKind::ClusterSnapshot, id)))
}

/// The kinds of snapshot that a name may stand for: an ARN says which, a plain name does not.
fn kinds_of(id: &str) -> &'static [ResourceKind] {
    match id.split(':').nth(5) {
        Some("cluster-snapshot") => &[ResourceKind::ClusterSnapshot],
        Some("snapshot") => &[ResourceKind::InstanceSnapshot],
        _ => &[ResourceKind::ClusterSnapshot, ResourceKind::InstanceSnapshot],
    }
}

/// The cluster or instance to take a snapshot of: from the flags, else from `[source]`.
fn source_of(desk: &Desk<'_>, options: &SnapOptions) -> Result<(ResourceKind, String), Error> {
    let config = &desk.house.config.source;
    let flags = (options.cluster.clone(), options.instance.clone());
    let (cluster, instance) =
        if flags == (None, None) { (config.cluster.clone(), config.instance.clone()) } else { flags };
    let (kind, what, name) = match (cluster, instance) {
        (Some(name), _) => (ResourceKind::Cluster, "cluster", name),
        (None, Some(name)) => (ResourceKind::Instance, "instance", name),
        (None, None) => {
            return Err(Error::Missing(
                "no source is named: set [source] cluster in refresh.toml, or give --cluster or --instance",
            ));
        }
    };
    match names::problem(&name) {
        Some(problem) => Err(Error::Name { what, name, problem }),
        None => Ok((kind, name)),
    }
}

/// The kind of snapshot that is taken of a kind of source.
pub(super) fn snapshot_kind(source: ResourceKind) -> ResourceKind {
    if source == ResourceKind::Instance {
        ResourceKind::InstanceSnapshot
    } else {
        ResourceKind::ClusterSnapshot
    }
}

fn source_section(thing: &Thing, databases: &[String]) -> Source {
    let mut source = Source { databases: databases.to_vec(), ..Source::default() };
    source.resource_id = Some(thing.resource_id.clone());
    match thing.kind {
        ResourceKind::Instance => source.instance = Some(thing.id.clone()),
        _ => source.cluster = Some(thing.id.clone()),
    }
    source
}

/// The document's section `snapshot` for a snapshot or another origin.
pub(super) fn section(thing: &Thing) -> Snapshot {
    Snapshot {
        id: thing.id.clone(),
        arn: Some(thing.arn.clone()).filter(|arn| !arn.is_empty()),
        kind: thing.snapshot_type.clone(),
        status: thing.status.clone(),
        created_at: thing.created_at,
        engine: thing.engine.clone(),
        engine_version: thing.engine_version.clone(),
        ..Snapshot::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_what_it_is_the_snapshot_of() {
        let of = |kind: &str| {
            kinds_of(&format!("arn:aws:rds:eu-west-1:123456789012:{kind}:rds:prod-2026-11-29-02-00")).to_vec()
        };
        assert_eq!(of("snapshot"), [ResourceKind::InstanceSnapshot]);
        assert_eq!(of("cluster-snapshot"), [ResourceKind::ClusterSnapshot]);
        assert_eq!(kinds_of("rds:prod-2026-11-29-02-00").len(), 2);
    }
}
