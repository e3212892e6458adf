//! `rds-restore`: a throw-away copy that accepts a login of its own.
//!
//! ```text
//! snapshot available? -> journal, create the cluster -> available -> new password in force
//!   -> journal, create the instances -> available -> log in -> token, events disabled -> ready
//! ```
//!
//! In: a document with a snapshot (or, with `--clone`, the name of a cluster). Out: its `cluster` section and the
//! resources. A kill at any point leaves journal entries and tags with which `rds-drop` finds everything.

pub(super) mod classes;
pub(super) mod password;
pub(super) mod ready;

use jiff::Timestamp;

use super::api::{CopyOrder, InstanceOrder, RestoreOrigin, Thing};
use super::check::CheckForm;
use super::desk::{Desk, span};
use super::error::Error;
use super::options::{self, ServiceOptions};
use super::poll::{self, Judgement, Patience};
use super::wait::{POINT_IN_TIME, describe, kind_of_source};
use super::{names, snapshot};
use crate::aws::label;
use crate::claim;
use crate::config::{CopyPassword, Length, OneOrMany, RestoreConfig};
use crate::document::{Cluster, Document, Done, Login, ResourceKind, Snapshot, Source, ThrowAwayCopy};
use crate::mysql;
use crate::rds::guard::adopt::{self, Intent};

/// Flags of `rds-restore`; each beats its setting in `[restore]`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RestoreOptions {
    /// How to reach the service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Make a copy-on-write clone of the source cluster instead of restoring a snapshot
    #[arg(long)]
    pub clone: bool,

    /// Aurora cluster to clone [default: the document's source, [source] cluster]
    #[arg(long, value_name = "NAME", requires = "clone")]
    pub cluster: Option<String>,

    /// Reader instances besides the writer, which share the reading of the dump
    #[arg(long, value_name = "N")]
    pub readers: Option<u8>,

    /// Instance class; repeat for what to try when the service has no machine of the first
    #[arg(long = "instance-class", value_name = "CLASS")]
    pub instance_classes: Vec<String>,

    /// DB subnet group that the copy is placed in
    #[arg(long, value_name = "NAME")]
    pub subnet_group: Option<String>,

    /// VPC security group; repeat for several
    #[arg(long = "security-group", value_name = "ID")]
    pub security_groups: Vec<String>,

    /// DB cluster parameter group
    #[arg(long, value_name = "NAME")]
    pub parameter_group: Option<String>,

    /// Where the copy's new master password is kept [default: option-file]
    #[arg(long, value_enum, value_name = "PLACE")]
    pub password: Option<CopyPassword>,

    /// Certificate authorities (PEM) to verify the copy with: the RDS bundle
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<String>,

    /// Ask the service what would go wrong, tell it with the lines to paste and the exact policy, and do nothing else
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub check: Option<CheckForm>,

    /// How long cluster and instances may take, each
    #[arg(long, value_name = "LENGTH")]
    pub timeout: Option<Length>,
}

impl RestoreOptions {
    /// Whether the tool only answers a question (`--iam-policy`, `--check`) and makes nothing.
    pub fn is_question(&self) -> bool {
        self.service.iam_policy || self.check.is_some()
    }

    /// The section `[restore]`, in which each given flag replaces its setting.
    pub fn over(&self, config: &RestoreConfig) -> RestoreConfig {
        let mut merged = config.clone();
        merged.clone |= self.clone;
        merged.readers = self.readers.unwrap_or(merged.readers);
        merged.timeout = self.timeout.unwrap_or(merged.timeout);
        merged.password = self.password.unwrap_or(merged.password);
        merged.tls_ca = self.tls_ca.clone().or(merged.tls_ca);
        merged.subnet_group = self.subnet_group.clone().or(merged.subnet_group);
        merged.parameter_group = self.parameter_group.clone().or(merged.parameter_group);
        if !self.instance_classes.is_empty() {
            merged.instance_class = OneOrMany::Many(self.instance_classes.clone());
        }
        if !self.security_groups.is_empty() {
            merged.security_groups.clone_from(&self.security_groups);
        }
        merged
    }
}

/// Makes a copy from the document's snapshot or, with `--clone`, of the source, and puts it into the document.
pub(super) fn copy(
    desk: &Desk<'_>,
    document: &mut Document,
    options: &RestoreOptions,
) -> Result<Done, Error> {
    let begun = desk.clock.now();
    let settings = options.over(&desk.house.config.restore);
    let order = order(desk, document, &settings, options)?;
    if desk.house.dry_run {
        return Ok(Done::saying(format!(
            "would make {} from {}",
            label(order.kind, &order.id),
            order.origin
        )));
    }
    let patience = Patience { timeout: settings.timeout.duration(), newborn: true };
    let mut intent = Intent::new(desk.house, &document.run, &order.source, (order.kind, &order.id))?;
    intent.more_tags.clone_from(&settings.tags);
    let origin = under_key(desk, document, &order, patience)?;
    let order = CopyOrder { tags: intent.tags(&document.run), origin, ..order };
    let made = create(desk, document, &intent, &order, &settings, patience)?;
    // Before the instances of a cluster exist, so that none of them ever accepts production's password.
    let login = password::renew(desk, &desk.house.journal(&document.run), &made, settings.password)?;
    if order.kind == ResourceKind::Cluster {
        instances(desk, document, &order, &settings, patience)?;
    }
    let made = reachable(desk, &order, patience)?;
    for id in &made.unsynced {
        desk.house.progress.warn(&format!(
            "the parameter group of instance {id} is in force only after a reboot: sql_mode and collation may differ from production's"
        ));
    }
    let mut cluster = Cluster { login: Some(login), throw_away: true, ..Cluster::default() };
    describe(&mut cluster, &made);
    let mut copy = ThrowAwayCopy::described(made.kind, &cluster);
    copy.tags = made.tags.iter().filter(|(key, _)| names::is_our_tag(key)).map(owned).collect();
    let mut session = ready::log_in(desk, &copy, &settings)?;
    copy.token = claim::plant(&mut session)?;
    still_events(desk, &mut session)?;
    if let Some(user) = settings.iam_user.clone() {
        copy.login = Some(Login::Iam { user, other: serde_json::Map::new() });
        session = ready::log_in(desk, &copy, &settings)?;
    }
    let version = session.version();
    copy.readers = ready::readers(desk, &copy, &cluster.instances, &settings)?;
    // The later tools compare the document with this entry of the journal.
    desk.house.journal(&document.run).record_copy(&copy)?;
    document.cluster = Some(Cluster { login: copy.login, readers: copy.readers, ..cluster });
    let took = span(desk.clock.now().saturating_sub(begun));
    Ok(Done::saying(format!(
        "{} is ready at {}:{} ({version}) after {took}",
        made.label(),
        made.host,
        made.port
    )))
}

/// Disables production's events on the copy, which would change rows there before the dump is made.
fn still_events(desk: &Desk<'_>, session: &mut mysql::Session) -> Result<(), Error> {
    let stilled = claim::still_events(session)?;
    if stilled.disabled > 0 {
        desk.house.progress.say(&format!(
            "{} of production's events were disabled on the copy; the dump has them as they were",
            stilled.disabled
        ));
    }
    for event in stilled.left {
        desk.house.progress.warn(&format!("the event {event} goes on firing on the copy"));
    }
    Ok(())
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

/// Makes the cluster, or the plain instance with the first class of which there is a machine.
fn create(
    desk: &Desk<'_>,
    document: &mut Document,
    intent: &Intent,
    order: &CopyOrder,
    settings: &RestoreConfig,
    patience: Patience,
) -> Result<Thing, Error> {
    if order.kind != ResourceKind::Instance {
        adopt::create(desk, document, intent, || desk.cloud.copy(order))?;
        return desk.wait_usable(order.kind, &order.id, patience);
    }
    let create = |document: &mut Document, class: &str| {
        let order = CopyOrder { instance_class: Some(class.to_owned()), ..order.clone() };
        adopt::create(desk, document, intent, || desk.cloud.copy(&order))
    };
    let classes = settings.instance_class.as_slice();
    let ordered = classes::order(desk, &order.id, classes, |class| create(document, class))?;
    classes::wait(desk, document, ordered, patience, create)
}

/// Decides what copy is made; fails before anything is created.
fn order(
    desk: &Desk<'_>,
    document: &mut Document,
    settings: &RestoreConfig,
    options: &RestoreOptions,
) -> Result<CopyOrder, Error> {
    require_network(settings)?;
    require_authorities(settings)?;
    super::options::tags(&desk.house.config)?;
    if settings.instance_class.as_slice().is_empty() {
        return Err(Error::Missing("set [restore] instance_class in refresh.toml: its list is empty"));
    }
    if settings.iam_user.is_some() && settings.tls_ca.is_none() {
        return Err(Error::Missing(
            "set [restore] tls_ca to the RDS certificate bundle in refresh.toml: the tokens of iam_user go over verified TLS only",
        ));
    }
    let From { kind, origin, source, engine, engine_version } =
        if settings.clone { cloned(desk, document, options)? } else { restored(desk, document)? };
    let instance = kind == ResourceKind::Instance;
    if instance && settings.kms_key.is_some() && !matches!(origin, RestoreOrigin::Snapshot(_)) {
        return Err(Error::Missing(
            "[restore] kms_key: an instance at a point in time has the key of its source, and only a snapshot can be copied to another one. Leave it out, or set [snapshot] fallback = \"automated\"",
        ));
    }
    let group = if instance { &settings.instance_parameter_group } else { &settings.parameter_group };
    let group = match group {
        Some(named) => Some(named.clone()),
        None => own_group(desk, document, kind)?,
    };
    if group.is_none() {
        let setting = if instance { "instance_parameter_group" } else { "parameter_group" };
        desk.house.progress.warn(&format!(
            "[restore] {setting} is not set: the copy gets the default one, whatever production's sql_mode and collation are"
        ));
    }
    Ok(CopyOrder {
        kind,
        id: names::of_run(options::prefix(&desk.house.config)?, &document.run),
        origin,
        source,
        engine,
        engine_version: settings.engine_version.clone().unwrap_or(engine_version),
        port: settings.port,
        subnet_group: settings.subnet_group.clone(),
        security_groups: settings.security_groups.clone(),
        parameter_group: group,
        instance_class: None,
        kms_key: settings.kms_key.clone(),
        storage_type: settings.storage_type.clone(),
        serverless: serverless(settings),
        iam_login: settings.iam_login || settings.iam_user.is_some(),
        extended_support: settings.extended_support,
        tags: Vec::new(),
    })
}

/// The origin of the copy. An instance is restored under the key of its snapshot: where `[restore] kms_key` is another one,
/// the snapshot is copied to that key first.
fn under_key(
    desk: &Desk<'_>,
    document: &mut Document,
    order: &CopyOrder,
    patience: Patience,
) -> Result<RestoreOrigin, Error> {
    let (ResourceKind::Instance, RestoreOrigin::Snapshot(of), Some(key)) =
        (order.kind, &order.origin, &order.kms_key)
    else {
        return Ok(order.origin.clone());
    };
    let named = (ResourceKind::InstanceSnapshot, names::of_snapshot_under_key(&order.id));
    let mut intent = Intent::new(desk.house, &document.run, &order.source, (named.0, &named.1))?;
    intent.more_tags.clone_from(&desk.house.config.snapshot.tags);
    let tags = intent.tags(&document.run);
    adopt::create(desk, document, &intent, || desk.cloud.copy_snapshot(&named.1, of, key, &tags))?;
    desk.wait_usable(named.0, &named.1, patience)?;
    Ok(RestoreOrigin::Snapshot(named.1))
}

/// The range of capacity units: the configured one, else the default one if a class is `db.serverless`, which needs one.
fn serverless(settings: &RestoreConfig) -> Option<(f64, f64)> {
    let range = settings.serverless;
    let serverless = settings.instance_class.as_slice().iter().any(|class| class == "db.serverless");
    let range = range.or_else(|| serverless.then(Default::default));
    range.map(|range| (range.min_acu, range.max_acu))
}

/// Fails unless subnet group and security groups are set. The service would take the default VPC and the default security group,
/// which are never meant.
fn require_network(settings: &RestoreConfig) -> Result<(), Error> {
    if settings.subnet_group.is_none() {
        return Err(Error::Missing(
            "set [restore] subnet_group in refresh.toml: without it the copy would be in the default VPC",
        ));
    }
    if settings.security_groups.is_empty() {
        return Err(Error::Missing(
            "set [restore] security_groups in refresh.toml: without them the copy would get the default one",
        ));
    }
    Ok(())
}

/// The source's own parameter group, if the source can be described here: with the default group, sql_mode and collation could
/// differ.
fn own_group(desk: &Desk<'_>, document: &Document, kind: ResourceKind) -> Result<Option<String>, Error> {
    let source = document.source.as_ref();
    let named = source.and_then(|source| {
        if kind == ResourceKind::Instance { source.instance.clone() } else { source.cluster.clone() }
    });
    let Some(id) = named else { return Ok(None) };
    let group = desk.look(kind, &id)?.and_then(|found| found.parameter_group);
    if let Some(name) = &group {
        desk.house.progress.say(&format!(
            "the copy gets the source's own parameter group {name}: its event_scheduler and binlog_format count there, too"
        ));
    }
    Ok(group)
}

/// Fails if the file of `[restore] tls_ca` cannot be used: otherwise the login would fail, when the copy is made and paid for.
fn require_authorities(settings: &RestoreConfig) -> Result<(), Error> {
    let Some(path) = &settings.tls_ca else { return Ok(()) };
    mysql::authorities(path).map(|_| ()).map_err(|problem| Error::Authorities { path: path.clone(), problem })
}

/// The snapshot or source that a copy is made from, with its engine.
struct From {
    kind: ResourceKind,
    origin: RestoreOrigin,
    source: String,
    engine: String,
    engine_version: String,
}

/// Takes the document's snapshot as the origin. The snapshot is looked at again, since the wait for it may have timed out.
fn restored(desk: &Desk<'_>, document: &Document) -> Result<From, Error> {
    let Some(snapshot) = &document.snapshot else {
        return Err(Error::Document("the document has no snapshot to restore (rds-snap adds it)".to_owned()));
    };
    let kind = kind_of_source(document);
    let named = document.source.as_ref().and_then(|source| source.resource_id.clone());
    let from = |origin, source| From {
        kind,
        origin,
        source,
        engine: snapshot.engine.clone(),
        engine_version: snapshot.engine_version.clone(),
    };
    if snapshot.kind == POINT_IN_TIME {
        let source = match named {
            Some(source) => source,
            None => desk.look(kind, &snapshot.id)?.map(|found| found.identity()).unwrap_or_default(),
        };
        return Ok(from(RestoreOrigin::LatestOf(snapshot.id.clone()), source));
    }
    let of = snapshot::snapshot_kind(kind);
    if desk.house.dry_run && snapshot.status == "planned" {
        return Ok(from(RestoreOrigin::Snapshot(snapshot.id.clone()), named.unwrap_or_default()));
    }
    let Some(found) = desk.look(of, &snapshot.id)? else {
        return Err(Error::NoSuch(label(of, &snapshot.id)));
    };
    let (what, status) = (label(of, &snapshot.id), found.status.clone());
    match poll::usable(&found) {
        Judgement::Ready => {}
        Judgement::Over => return Err(Error::Terminal { what, status, events: String::new() }),
        Judgement::Wait | Judgement::Wonder => return Err(Error::NotReady { what, status }),
    }
    let source = found.identity();
    let origin = RestoreOrigin::Snapshot(snapshot.id.clone());
    Ok(From { kind, origin, source, engine: found.engine, engine_version: found.engine_version })
}

/// Takes the source cluster as it is now as the origin, for a clone.
fn cloned(desk: &Desk<'_>, document: &mut Document, options: &RestoreOptions) -> Result<From, Error> {
    let of_document = document.source.as_ref().and_then(|source| source.cluster.clone());
    let of_config = desk.house.config.source.cluster.clone();
    let Some(id) = options.cluster.clone().or(of_document).or(of_config) else {
        return Err(Error::Missing("no cluster to clone: set [source] cluster, or give --cluster"));
    };
    let Some(found) = desk.look(ResourceKind::Cluster, &id)? else {
        return Err(Error::NoSuch(label(ResourceKind::Cluster, &id)));
    };
    if found.members.is_empty() {
        return Err(Error::Document(format!("cluster {id} has no instance: it cannot be cloned")));
    }
    let source = document.source.get_or_insert_with(Source::default);
    source.cluster = Some(found.id.clone());
    source.resource_id = Some(found.resource_id.clone());
    if source.databases.is_empty() {
        source.databases.clone_from(&desk.house.config.source.databases);
    }
    document.snapshot = Some(Snapshot {
        kind: snapshot::CLONE.to_owned(),
        status: "available".to_owned(),
        created_at: Some(Timestamp::now()),
        arn: None,
        ..snapshot::section(&found)
    });
    Ok(From {
        kind: ResourceKind::Cluster,
        source: found.identity(),
        origin: RestoreOrigin::CloneOf(found.id),
        engine: found.engine,
        engine_version: found.engine_version,
    })
}

/// Orders the writer and all readers, then waits for each.
fn instances(
    desk: &Desk<'_>,
    document: &mut Document,
    of: &CopyOrder,
    settings: &RestoreConfig,
    patience: Patience,
) -> Result<(), Error> {
    let add = |document: &mut Document, index: u8, class: &str| {
        let id = names::of_instance(&of.id, index);
        let named = (ResourceKind::Instance, id.as_str());
        let mut intent = Intent::new(desk.house, &document.run, &of.source, named)?;
        intent.parent = Some(of.id.clone());
        intent.more_tags.clone_from(&settings.tags);
        let order = InstanceOrder {
            id: intent.id.clone(),
            cluster: of.id.clone(),
            engine: of.engine.clone(),
            class: class.to_owned(),
            parameter_group: settings.instance_parameter_group.clone(),
            promotion_tier: i32::from(index.min(15)),
            tags: intent.tags(&document.run),
        };
        adopt::create(desk, document, &intent, || desk.cloud.add_instance(&order))
    };
    let mut all = Vec::new();
    for index in 0..=settings.readers {
        let (id, classes) = (names::of_instance(&of.id, index), settings.instance_class.as_slice());
        all.push((index, classes::order(desk, &id, classes, |class| add(document, index, class))?));
    }
    for (index, ordered) in all {
        classes::wait(desk, document, ordered, patience, |document, class| add(document, index, class))?;
    }
    Ok(())
}

/// Waits until the copy is available, has an endpoint, and no change is pending.
fn reachable(desk: &Desk<'_>, order: &CopyOrder, patience: Patience) -> Result<Thing, Error> {
    let begun = desk.clock.now();
    let judge = |thing: &Thing| {
        let settled = !thing.host.is_empty() && thing.pending.is_empty();
        match poll::usable(thing) {
            Judgement::Ready if !settled => Judgement::Wait,
            judgement => judgement,
        }
    };
    let outcome = desk.wait(order.kind, &order.id, patience, judge);
    outcome.map_err(|ended| desk.explain(order.kind, &order.id, begun, ended))
}
