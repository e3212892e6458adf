//! Turns orders into the SDK's requests and sends them. Every parameter with a harmful default is set.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::create_db_instance::builders::CreateDBInstanceFluentBuilder;
use aws_sdk_rds::types::{ServerlessV2ScalingConfiguration, Tag};

use super::api::{CopyOrder, InstanceOrder, RestoreOrigin, Thing};
use super::things;
use crate::aws::{CallFailure, Connection};
use crate::document::ResourceKind;

/// Days of automated backups of a cluster: the service's minimum. Without a value a restore takes over production's.
const BACKUP_DAYS: i32 = 1;

/// Days of automated backups of a plain instance: none, since its first backup would only make it busy.
const NO_BACKUPS: i32 = 0;

pub(crate) fn tags(tags: &[(String, String)]) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The value of `EngineLifecycleSupport`: whether to pay for extended support.
fn lifecycle(order: &CopyOrder) -> String {
    let choice = if order.extended_support { "" } else { "-disabled" };
    format!("open-source-rds-extended-support{choice}")
}

/// The value of `EngineLifecycleSupport` for a plain instance; `None` for MariaDB, for which the service has no such parameter.
fn plain_lifecycle(order: &CopyOrder) -> Option<String> {
    (order.engine != "mariadb").then(|| lifecycle(order))
}

fn groups(order: &CopyOrder) -> Option<Vec<String>> {
    Some(order.security_groups.clone()).filter(|groups| !groups.is_empty())
}

fn scaling(order: &CopyOrder) -> Option<ServerlessV2ScalingConfiguration> {
    let (least, most) = order.serverless?;
    Some(ServerlessV2ScalingConfiguration::builder().min_capacity(least).max_capacity(most).build())
}

pub(crate) fn copy(aws: &Connection, order: &CopyOrder) -> Result<Thing, CallFailure> {
    match (order.kind, &order.origin) {
        (ResourceKind::Instance, RestoreOrigin::Snapshot(snapshot)) => {
            instance_from_snapshot(aws, order, snapshot)
        }
        (ResourceKind::Instance, RestoreOrigin::LatestOf(source) | RestoreOrigin::CloneOf(source)) => {
            instance_to_latest(aws, order, source)
        }
        (_, RestoreOrigin::Snapshot(snapshot)) => cluster_from_snapshot(aws, order, snapshot),
        (_, RestoreOrigin::LatestOf(source)) => cluster_to_latest(aws, order, source, "full-copy"),
        (_, RestoreOrigin::CloneOf(source)) => cluster_to_latest(aws, order, source, "copy-on-write"),
    }
}

fn cluster_from_snapshot(aws: &Connection, order: &CopyOrder, snapshot: &str) -> Result<Thing, CallFailure> {
    let ask = aws.client.restore_db_cluster_from_snapshot().db_cluster_identifier(&order.id);
    let ask = ask
        .snapshot_identifier(snapshot)
        .engine(&order.engine)
        .engine_version(&order.engine_version)
        .set_db_subnet_group_name(order.subnet_group.clone())
        .set_vpc_security_group_ids(groups(order))
        .set_db_cluster_parameter_group_name(order.parameter_group.clone())
        .set_kms_key_id(order.kms_key.clone())
        .storage_type(order.storage_type.as_deref().unwrap_or("aurora"))
        .set_serverless_v2_scaling_configuration(scaling(order))
        .enable_iam_database_authentication(order.iam_login)
        .engine_lifecycle_support(lifecycle(order))
        .set_port(order.port.map(i32::from))
        .backup_retention_period(BACKUP_DAYS)
        .publicly_accessible(false)
        .deletion_protection(false)
        .copy_tags_to_snapshot(false)
        .set_tags(Some(tags(&order.tags)));
    let answer = aws.run("RestoreDBClusterFromSnapshot", ask.send())?;
    things::made(order.kind, &order.id, answer.db_cluster().map(things::cluster))
}

/// Restores a cluster from the live source. `PubliclyAccessible` is not sent: this call takes it for Multi-AZ DB clusters only,
/// and each instance has its own.
fn cluster_to_latest(
    aws: &Connection,
    order: &CopyOrder,
    source: &str,
    how: &str,
) -> Result<Thing, CallFailure> {
    let ask = aws.client.restore_db_cluster_to_point_in_time().db_cluster_identifier(&order.id);
    let ask = ask
        .source_db_cluster_identifier(source)
        .restore_type(how)
        .use_latest_restorable_time(true)
        .set_db_subnet_group_name(order.subnet_group.clone())
        .set_vpc_security_group_ids(groups(order))
        .set_db_cluster_parameter_group_name(order.parameter_group.clone())
        .set_kms_key_id(order.kms_key.clone())
        .storage_type(order.storage_type.as_deref().unwrap_or("aurora"))
        .set_serverless_v2_scaling_configuration(scaling(order))
        .enable_iam_database_authentication(order.iam_login)
        .engine_lifecycle_support(lifecycle(order))
        .set_port(order.port.map(i32::from))
        .backup_retention_period(BACKUP_DAYS)
        .deletion_protection(false)
        .copy_tags_to_snapshot(false)
        .set_tags(Some(tags(&order.tags)));
    let answer = aws.run("RestoreDBClusterToPointInTime", ask.send())?;
    things::made(order.kind, &order.id, answer.db_cluster().map(things::cluster))
}

fn instance_from_snapshot(aws: &Connection, order: &CopyOrder, snapshot: &str) -> Result<Thing, CallFailure> {
    let ask = aws.client.restore_db_instance_from_db_snapshot().db_instance_identifier(&order.id);
    let ask = ask
        .db_snapshot_identifier(snapshot)
        .set_db_instance_class(order.instance_class.clone())
        .set_db_subnet_group_name(order.subnet_group.clone())
        .set_vpc_security_group_ids(groups(order))
        .set_db_parameter_group_name(order.parameter_group.clone())
        .set_storage_type(order.storage_type.clone())
        .enable_iam_database_authentication(order.iam_login)
        .set_engine_lifecycle_support(plain_lifecycle(order))
        .set_port(order.port.map(i32::from))
        .backup_retention_period(NO_BACKUPS)
        .publicly_accessible(false)
        .multi_az(false)
        .auto_minor_version_upgrade(false)
        .deletion_protection(false)
        .copy_tags_to_snapshot(false)
        .set_tags(Some(tags(&order.tags)));
    let answer = aws.run("RestoreDBInstanceFromDBSnapshot", ask.send())?;
    things::made(order.kind, &order.id, answer.db_instance().map(things::instance))
}

fn instance_to_latest(aws: &Connection, order: &CopyOrder, source: &str) -> Result<Thing, CallFailure> {
    let ask = aws.client.restore_db_instance_to_point_in_time().target_db_instance_identifier(&order.id);
    let ask = ask
        .source_db_instance_identifier(source)
        .use_latest_restorable_time(true)
        .set_db_instance_class(order.instance_class.clone())
        .set_db_subnet_group_name(order.subnet_group.clone())
        .set_vpc_security_group_ids(groups(order))
        .set_db_parameter_group_name(order.parameter_group.clone())
        .set_storage_type(order.storage_type.clone())
        .enable_iam_database_authentication(order.iam_login)
        .set_engine_lifecycle_support(plain_lifecycle(order))
        .set_port(order.port.map(i32::from))
        .backup_retention_period(NO_BACKUPS)
        .publicly_accessible(false)
        .multi_az(false)
        .auto_minor_version_upgrade(false)
        .deletion_protection(false)
        .copy_tags_to_snapshot(false)
        .set_tags(Some(tags(&order.tags)));
    let answer = aws.run("RestoreDBInstanceToPointInTime", ask.send())?;
    things::made(order.kind, &order.id, answer.db_instance().map(things::instance))
}

/// The request for an instance of a cluster. It names no availability zone, so that the service may take a machine in any.
pub(crate) fn instance(client: &Client, order: &InstanceOrder) -> CreateDBInstanceFluentBuilder {
    client
        .create_db_instance()
        .db_instance_identifier(&order.id)
        .db_cluster_identifier(&order.cluster)
        .engine(&order.engine)
        .db_instance_class(&order.class)
        .set_db_parameter_group_name(order.parameter_group.clone())
        .promotion_tier(order.promotion_tier)
        .publicly_accessible(false)
        .auto_minor_version_upgrade(false)
        .enable_performance_insights(false)
        .monitoring_interval(0)
        .set_tags(Some(tags(&order.tags)))
}
