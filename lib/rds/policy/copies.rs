//! The statements for making a snapshot and a copy, each action with its own resources.

use serde_json::{Value, json};

use super::{PolicyNames, PolicyStatement};
use crate::config::{Config, Fallback, RestoreConfig};
use crate::rds::names::{TAG_EXPIRES, TAG_MANAGED};

/// The moment in the name of an automated snapshot, after that of its source. A pattern of this exact form does not match the
/// snapshots of a source whose name is longer.
const MOMENT: &str = "????-??-??-??-??";

/// The condition that a create call carries our tags, by which `rds-drop` finds the result and may delete it.
fn tagged() -> Value {
    json!({
        "StringEquals": {format!("aws:RequestTag/{TAG_MANAGED}"): "true"},
        "Null": {format!("aws:RequestTag/{TAG_EXPIRES}"): "false"},
    })
}

/// A statement for a resource that an action makes: it has our prefix, and our tags from the create call on.
fn makes(sid: &str, why: &'static str, action: &str, resource: &str) -> PolicyStatement {
    PolicyStatement {
        why,
        json: json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, "Condition": tagged()}),
    }
}

/// A statement for existing resources that an action reads or uses.
fn uses(sid: &str, why: &'static str, action: &str, resources: &[String]) -> PolicyStatement {
    PolicyStatement {
        why,
        json: json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}),
    }
}

const BORN: &str = "what is made has our prefix and is born with our tags";

/// ARNs of the groups that a copy is put into. Their names are in lower case, as the service stores them.
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

/// The statements for the snapshot and copy of an Aurora cluster.
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

/// The statements for a snapshot of the source, and for a copy from it or from an automated snapshot. `copy` and `snapshot` are
/// kinds of resources, `action` makes a snapshot, `restore` restores one, and `place` has the groups that a copy is put into.
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
