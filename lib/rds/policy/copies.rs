//! The statements for what is made: a snapshot and a copy, each action with its own resources.

use serde_json::{Value, json};

use super::{PolicyNames, PolicyStatement};
use crate::config::{Config, Fallback, RestoreConfig};
use crate::rds::names::{TAG_EXPIRES, TAG_MANAGED};

/// What the name of an automated snapshot has after that of its source: no other source's name goes on like that.
const MOMENT: &str = "????-??-??-??-??";

/// A create must carry our tags: they are what lets `rds-drop` find and delete the result.
fn tagged() -> Value {
    json!({
        "StringEquals": {format!("aws:RequestTag/{TAG_MANAGED}"): "true"},
        "Null": {format!("aws:RequestTag/{TAG_EXPIRES}"): "false"},
    })
}

/// What an action makes: ours by name, and born with our tags.
fn makes(sid: &str, why: &'static str, action: &str, resource: &str) -> PolicyStatement {
    PolicyStatement {
        why,
        json: json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, "Condition": tagged()}),
    }
}

/// What it reads or takes part in.
fn uses(sid: &str, why: &'static str, action: &str, resources: &[String]) -> PolicyStatement {
    PolicyStatement {
        why,
        json: json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}),
    }
}

const BORN: &str = "what is made has our prefix and is born with our tags";

/// The groups that a copy is put into; names are in lower case at the service.
struct Groups {
    subnets: String,
    instance: String,
    cluster: String,
    options: String,
}

impl Groups {
    fn of(names: &PolicyNames<'_>, restore: &RestoreConfig) -> Self {
        let group = |kind: &str, name: &Option<String>| {
            names.arn(kind, &name.as_deref().unwrap_or("*").to_ascii_lowercase())
        };
        Self {
            subnets: group("subgrp", &restore.subnet_group),
            instance: group("pg", &restore.instance_parameter_group),
            cluster: group("cluster-pg", &restore.parameter_group),
            options: names.arn("og", "*"),
        }
    }
}

fn needs_the_live_source(config: &Config) -> bool {
    config.restore.clone || config.snapshot.fallback == Fallback::Pitr
}

/// An Aurora cluster and its instances.
pub(super) fn of_cluster(names: &PolicyNames<'_>, source: &str, config: &Config) -> Vec<PolicyStatement> {
    let groups = Groups::of(names, &config.restore);
    let mut all = Vec::new();
    if !config.restore.clone {
        let place = [groups.subnets.clone(), groups.cluster.clone(), groups.options.clone()];
        let actions = ("rds:CreateDBClusterSnapshot", "rds:RestoreDBClusterFromSnapshot");
        all.extend(through_a_snapshot(names, source, ("cluster", "cluster-snapshot"), actions, &place));
    }
    if needs_the_live_source(config) {
        let action = "rds:RestoreDBClusterToPointInTime";
        let live =
            [names.arn("cluster", source), groups.subnets.clone(), groups.cluster, groups.options.clone()];
        all.extend([
            makes("CloneInto", BORN, action, &names.own("cluster")),
            uses("CloneUses", "a clone or a point in time reads the live source", action, &live),
        ]);
    }
    let beside = [names.own("cluster"), groups.instance, groups.subnets, groups.options];
    all.extend([
        makes("InstanceInto", BORN, "rds:CreateDBInstance", &names.own("db")),
        uses(
            "InstanceUses",
            "an instance is put into a copy of ours, and into nothing else",
            "rds:CreateDBInstance",
            &beside,
        ),
    ]);
    all
}

/// The statements for the snapshot and copy of a plain instance.
pub(super) fn of_instance(names: &PolicyNames<'_>, source: &str, config: &Config) -> Vec<PolicyStatement> {
    let groups = Groups::of(names, &config.restore);
    let place = [groups.subnets, groups.instance, groups.options];
    let actions = ("rds:CreateDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot");
    let mut all = through_a_snapshot(names, source, ("db", "snapshot"), actions, &place);
    if config.restore.kms_key.is_some() {
        let action = "rds:CopyDBSnapshot";
        let from = [names.own("snapshot"), names.arn("snapshot", &format!("rds:{source}-{MOMENT}"))];
        all.extend([
            makes("CopyNew", BORN, action, &names.own("snapshot")),
            uses(
                "CopyOf",
                "an instance is restored under the key of its snapshot: it is copied to the other key first",
                action,
                &from,
            ),
        ]);
    }
    if config.snapshot.fallback == Fallback::Pitr {
        let action = "rds:RestoreDBInstanceToPointInTime";
        let live = [&[names.arn("db", source)], &place[..]].concat();
        all.extend([
            makes("PointInto", BORN, action, &names.own("db")),
            uses("PointUses", "a point in time is read from the live source", action, &live),
        ]);
    }
    all
}

/// A snapshot of the source, and a copy from it or from one of the source's own. `copy` and `snapshot` are kinds of resources,
/// `action` makes a snapshot, `restore` restores one, and `place` is where a copy is put.
fn through_a_snapshot(
    names: &PolicyNames<'_>,
    source: &str,
    (copy, snapshot): (&str, &str),
    (action, restore): (&'static str, &'static str),
    place: &[String],
) -> Vec<PolicyStatement> {
    let automated = names.arn(snapshot, &format!("rds:{source}-{MOMENT}"));
    let snapshots = [&[names.own(snapshot), automated], place].concat();
    vec![
        uses(
            "SnapshotOfSource",
            "rds-snap reads from the source, and from no other",
            action,
            &[names.arn(copy, source)],
        ),
        makes("SnapshotNew", BORN, action, &names.own(snapshot)),
        makes("RestoreInto", BORN, restore, &names.own(copy)),
        uses(
            "RestoreUses",
            "a restore reads our snapshots and the source's automated ones, and uses the configured groups",
            restore,
            &snapshots,
        ),
    ]
}
