//! Turns the SDK's descriptions of clusters, instances and snapshots into [`Thing`]s.

use std::collections::BTreeMap;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance, DbSnapshot, Tag};
use jiff::Timestamp;

use super::api::{MasterSecret, Thing};
use crate::aws::{CallFailure, FaultClass, label};
use crate::document::ResourceKind;

/// The snapshot type that a describe call must name, since the service does not find automated and AWS Backup snapshots
/// without it. `None` for manual ones. An ARN ends with the snapshot's name.
pub(crate) fn snapshot_type(id: &str) -> Option<String> {
    let name = if id.starts_with("arn:") { id.splitn(7, ':').nth(6)? } else { id };
    let (scheme, _) = name.split_once(':')?;
    ["automated", "awsbackup"]
        .into_iter()
        .zip(["rds", "awsbackup"])
        .find(|(_, of)| *of == scheme)
        .map(|(kind, _)| kind.to_owned())
}

/// `Some(true)` if a describe call must include shared snapshots: an ARN may be of another account. The service takes this
/// parameter only where no snapshot type is named.
pub(crate) fn may_be_shared(id: &str) -> Option<bool> {
    (id.starts_with("arn:") && snapshot_type(id).is_none()).then_some(true)
}

/// The resource that a create call made. An answer that does not describe it counts as no answer: [`FaultClass::Unreachable`].
pub(crate) fn made(kind: ResourceKind, id: &str, thing: Option<Thing>) -> Result<Thing, CallFailure> {
    thing.filter(|thing| thing.id.eq_ignore_ascii_case(id)).ok_or_else(|| CallFailure {
        call: "create",
        class: FaultClass::Unreachable,
        code: None,
        message: format!("the answer does not describe {}", label(kind, id)),
    })
}

/// The SDK's time as a [`Timestamp`], to the millisecond.
pub(crate) fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millisecond(time?.to_millis().ok()?).ok()
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn some(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn port(value: Option<i32>) -> u16 {
    value.and_then(|port| u16::try_from(port).ok()).unwrap_or_default()
}

fn percent(value: Option<i32>) -> Option<u64> {
    value.and_then(|percent| u64::try_from(percent).ok()).map(|percent| percent.min(100))
}

pub(crate) fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

fn secret(of: Option<&aws_sdk_rds::types::MasterUserSecret>) -> Option<MasterSecret> {
    let secret = of?;
    Some(MasterSecret { arn: some(secret.secret_arn())?, status: text(secret.secret_status()) })
}

pub(crate) fn cluster(of: &DbCluster) -> Thing {
    let mut members: Vec<_> = of.db_cluster_members().iter().collect();
    members.sort_by_key(|member| !member.is_cluster_writer().unwrap_or_default());
    let pending = of.pending_modified_values();
    let password = pending.is_some_and(|values| values.master_user_password().is_some());
    Thing {
        arn: text(of.db_cluster_arn()),
        status: text(of.status()),
        resource_id: text(of.db_cluster_resource_id()),
        tags: tags(of.tag_list()),
        engine: text(of.engine()),
        engine_version: text(of.engine_version()),
        created_at: time(of.cluster_create_time()),
        restorable_to: time(of.latest_restorable_time()),
        percent: of.percent_progress().and_then(|text| text.parse().ok()),
        user: text(of.master_username()),
        host: text(of.endpoint()),
        port: port(of.port()),
        secret: secret(of.master_user_secret()),
        pending: password.then_some("the master password").into_iter().collect(),
        kms_key: some(of.kms_key_id()),
        parameter_group: some(of.db_cluster_parameter_group()),
        protected: of.deletion_protection().unwrap_or_default(),
        replica_of: some(of.replication_source_identifier()),
        replicas: of.read_replica_identifiers().to_vec(),
        global: some(of.global_cluster_identifier()),
        unsynced: members
            .iter()
            .filter(|member| member.db_cluster_parameter_group_status() == Some("pending-reboot"))
            .map(|member| text(member.db_instance_identifier()))
            .collect(),
        members: members.iter().map(|member| text(member.db_instance_identifier())).collect(),
        ..Thing::new(ResourceKind::Cluster, of.db_cluster_identifier().unwrap_or_default())
    }
}

pub(crate) fn instance(of: &DbInstance) -> Thing {
    let replica_of = some(of.read_replica_source_db_instance_identifier());
    let mut replicas = of.read_replica_db_instance_identifiers().to_vec();
    replicas.extend_from_slice(of.read_replica_db_cluster_identifiers());
    let pending = of.pending_modified_values();
    let password = pending.is_some_and(|values| values.master_user_password().is_some());
    Thing {
        arn: text(of.db_instance_arn()),
        status: text(of.db_instance_status()),
        resource_id: text(of.dbi_resource_id()),
        tags: tags(of.tag_list()),
        engine: text(of.engine()),
        engine_version: text(of.engine_version()),
        created_at: time(of.instance_create_time()),
        restorable_to: time(of.latest_restorable_time()),
        percent: of.percent_progress().and_then(|text| text.parse().ok()),
        parent: some(of.db_cluster_identifier()),
        user: text(of.master_username()),
        host: text(of.endpoint().and_then(|endpoint| endpoint.address())),
        port: port(of.endpoint().and_then(aws_sdk_rds::types::Endpoint::port)),
        secret: secret(of.master_user_secret()),
        pending: password.then_some("the master password").into_iter().collect(),
        kms_key: some(of.kms_key_id()),
        parameter_group: some(
            of.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name()),
        ),
        protected: of.deletion_protection().unwrap_or_default(),
        replica_of: replica_of.or_else(|| some(of.read_replica_source_db_cluster_identifier())),
        replicas,
        ..Thing::new(ResourceKind::Instance, of.db_instance_identifier().unwrap_or_default())
    }
}

pub(crate) fn cluster_snapshot(of: &DbClusterSnapshot) -> Thing {
    Thing {
        arn: text(of.db_cluster_snapshot_arn()),
        status: text(of.status()),
        resource_id: text(of.db_cluster_resource_id()),
        tags: tags(of.tag_list()),
        engine: text(of.engine()),
        engine_version: text(of.engine_version()),
        created_at: time(of.snapshot_create_time()),
        percent: percent(of.percent_progress()),
        parent: some(of.db_cluster_identifier()),
        user: text(of.master_username()),
        port: port(of.port()),
        snapshot_type: text(of.snapshot_type()),
        ..Thing::new(ResourceKind::ClusterSnapshot, of.db_cluster_snapshot_identifier().unwrap_or_default())
    }
}

pub(crate) fn instance_snapshot(of: &DbSnapshot) -> Thing {
    Thing {
        arn: text(of.db_snapshot_arn()),
        status: text(of.status()),
        resource_id: text(of.dbi_resource_id()),
        tags: tags(of.tag_list()),
        engine: text(of.engine()),
        engine_version: text(of.engine_version()),
        created_at: time(of.snapshot_create_time()),
        percent: percent(of.percent_progress()),
        parent: some(of.db_instance_identifier()),
        user: text(of.master_username()),
        port: port(of.port()),
        snapshot_type: text(of.snapshot_type()),
        ..Thing::new(ResourceKind::InstanceSnapshot, of.db_snapshot_identifier().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::DbClusterMember;

    use super::*;

    fn member(id: &str, writer: bool, group: &str) -> DbClusterMember {
        let builder = DbClusterMember::builder().db_instance_identifier(id).is_cluster_writer(writer);
        builder.db_cluster_parameter_group_status(group).build()
    }

    #[test]
    fn the_writer_is_first_and_whoever_awaits_a_reboot_is_known() {
        let of = DbCluster::builder()
            .db_cluster_identifier("c")
            .db_cluster_members(member("reader", false, "in-sync"))
            .db_cluster_members(member("writer", true, "pending-reboot"))
            .build();
        let thing = cluster(&of);
        assert_eq!(thing.members, ["writer", "reader"]);
        assert_eq!(thing.unsynced, ["writer"]);
    }

    #[test]
    fn a_snapshot_of_the_services_own_is_asked_for_with_its_type_by_its_arn_too() {
        let arn = |name: &str| format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{name}");
        for (id, kind, shared) in [
            ("kit-1", None, None),
            ("rds:prod-2026-11-29-02-00", Some("automated"), None),
            (&arn("rds:prod-2026-11-29-02-00"), Some("automated"), None),
            (&arn("awsbackup:job-1"), Some("awsbackup"), None),
            (&arn("kit-1"), None, Some(true)),
        ] {
            assert_eq!((snapshot_type(id).as_deref(), may_be_shared(id)), (kind, shared), "{id}");
        }
    }

    #[test]
    fn an_answer_about_something_else_is_no_answer() {
        let thing = || Some(Thing::new(ResourceKind::Cluster, "kit-a"));
        assert!(made(ResourceKind::Cluster, "KIT-A", thing()).is_ok());
        let fault = made(ResourceKind::Cluster, "kit-b", thing()).unwrap_err();
        assert_eq!(fault.class, FaultClass::Unreachable);
    }
}
