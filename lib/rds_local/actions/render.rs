//! XML descriptions of resources, as RDS writes them. Fields that SDKs expect and no tool of ours reads have fixed values.

use jiff::Timestamp;

use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::ServiceError;
use crate::rds_local::http::xml::Xml;
use crate::rds_local::state::LocalState;
use crate::rds_local::state::model::{LocalCluster, LocalInstance, LocalSnapshot, Tag};

/// The result of an action: XML, or the error that the caller gets.
pub(crate) type ActionOutcome = Result<Xml, ServiceError>;

const HOST: &str = "127.0.0.1";
const ZONE: &str = "us-east-1a";
const VPC: &str = "vpc-0local";
const STORAGE_GIB: u32 = 20;

pub(crate) fn shown_cluster(cloud: &LocalCloud, cluster: &LocalCluster) -> Xml {
    let mut x = Xml::default();
    cloud.look(|state| {
        x.node("DBCluster", |x| self::cluster(x, state, cluster));
    });
    x
}

pub(crate) fn shown_instance(cloud: &LocalCloud, instance: &LocalInstance) -> Xml {
    let mut x = Xml::default();
    cloud.look(|state| {
        x.node("DBInstance", |x| self::instance(x, state, instance));
    });
    x
}

pub(crate) fn tags(x: &mut Xml, tags: &[Tag]) {
    x.list("TagList", "Tag", tags, |x, tag| {
        x.text("Key", &tag.key).text("Value", &tag.value);
    });
}

pub(crate) fn cluster(x: &mut Xml, state: &LocalState, cluster: &LocalCluster) {
    let now = Timestamp::now();
    x.text("DBClusterIdentifier", &cluster.id)
        .text("DBClusterArn", cluster.arn())
        .text("DbClusterResourceId", &cluster.resource_id)
        .text("Status", cluster.status.shown())
        .text("Engine", &cluster.engine)
        .text("EngineVersion", &cluster.engine_version)
        .text("EngineMode", "provisioned")
        .text("Endpoint", HOST)
        .text("ReaderEndpoint", HOST)
        .text("Port", cluster.port)
        .text("MasterUsername", &cluster.master_user)
        .text("AllocatedStorage", 1)
        .text("StorageType", &cluster.storage_type)
        .text("StorageEncrypted", false)
        .text("MultiAZ", false)
        .text("DBSubnetGroup", &cluster.subnet_group)
        .text("DBClusterParameterGroup", &cluster.parameter_group)
        .text("BackupRetentionPeriod", cluster.retention_days)
        .text("DeletionProtection", cluster.deletion_protection)
        .text("CopyTagsToSnapshot", cluster.copy_tags)
        .text("IAMDatabaseAuthenticationEnabled", cluster.iam_authentication)
        .text("HttpEndpointEnabled", false)
        .maybe("CloneGroupId", cluster.clone_group.as_ref())
        .maybe("ReplicationSourceIdentifier", cluster.replication_source.as_ref())
        .time("ClusterCreateTime", cluster.created_at)
        .time("EarliestRestorableTime", cluster.created_at)
        .time("LatestRestorableTime", now)
        .text("PreferredBackupWindow", "01:00-01:30")
        .text("PreferredMaintenanceWindow", "sun:04:00-sun:04:30");
    if let Some((least, most)) = cluster.capacity {
        x.node("ServerlessV2ScalingConfiguration", |x| {
            x.text("MinCapacity", least).text("MaxCapacity", most);
        });
    }
    if cluster.password_pending {
        x.node("PendingModifiedValues", |x| {
            x.text("MasterUserPassword", "****");
        });
    }
    secret(x, cluster);
    x.list("AvailabilityZones", "AvailabilityZone", [ZONE], Xml::raw);
    x.node("ReadReplicaIdentifiers", |_| {});
    security_groups(x, &cluster.security_groups);
    x.list("DBClusterMembers", "DBClusterMember", state.members(&cluster.key()), |x, member| {
        x.text("DBInstanceIdentifier", &member.id)
            .text("IsClusterWriter", member.writer)
            .text("DBClusterParameterGroupStatus", "in-sync")
            .text("PromotionTier", member.promotion_tier);
    });
    tags(x, &cluster.tags);
}

/// Writes the name of the secret that holds the master password, if the service keeps it.
fn secret(x: &mut Xml, cluster: &LocalCluster) {
    let Some(arn) = cluster.secret_arn() else { return };
    x.node("MasterUserSecret", |x| {
        x.text("SecretArn", arn)
            .text("SecretStatus", if cluster.password_pending { "creating" } else { "active" })
            .text("KmsKeyId", "alias/aws/secretsmanager");
    });
}

fn security_groups(x: &mut Xml, groups: &[String]) {
    x.list("VpcSecurityGroups", "VpcSecurityGroupMembership", groups, |x, group| {
        x.text("VpcSecurityGroupId", group).text("Status", "active");
    });
}

/// Writes the description of an instance. An instance in the state `creating` has no endpoint.
pub(crate) fn instance(x: &mut Xml, state: &LocalState, instance: &LocalInstance) {
    let Some(cluster) = state.clusters.get(&instance.cluster) else { return };
    x.text("DBInstanceIdentifier", &instance.id)
        .text("DBInstanceArn", instance.arn())
        .text("DbiResourceId", &instance.resource_id)
        .text("DBInstanceStatus", instance.status.shown())
        .text("DBInstanceClass", &instance.class)
        .text("Engine", &cluster.engine)
        .text("EngineVersion", &cluster.engine_version)
        .text("LicenseModel", "general-public-license")
        .text("MasterUsername", &cluster.master_user)
        .text("AllocatedStorage", STORAGE_GIB)
        .text("StorageType", if instance.plain { "gp3" } else { "aurora" })
        .text("StorageEncrypted", false)
        .text("MultiAZ", false)
        .text("AvailabilityZone", ZONE)
        .text("PubliclyAccessible", instance.public)
        .text("AutoMinorVersionUpgrade", false)
        .text("PromotionTier", instance.promotion_tier)
        .text("BackupRetentionPeriod", cluster.retention_days)
        .text("DeletionProtection", instance.plain && cluster.deletion_protection)
        .text("CopyTagsToSnapshot", cluster.copy_tags)
        .text("IAMDatabaseAuthenticationEnabled", cluster.iam_authentication)
        .text("PerformanceInsightsEnabled", false)
        .text("MonitoringInterval", 0)
        .time("InstanceCreateTime", instance.created_at);
    if instance.plain {
        secret(x, cluster);
        x.time("LatestRestorableTime", Timestamp::now());
        x.maybe("ReadReplicaSourceDBInstanceIdentifier", cluster.replication_source.as_ref());
    } else {
        x.text("DBClusterIdentifier", &cluster.id);
    }
    if !instance.status.is("creating") {
        x.node("Endpoint", |x| {
            x.text("Address", HOST).text("Port", cluster.port).text("HostedZoneId", "ZLOCAL");
        });
    }
    x.node("DBSubnetGroup", |x| {
        x.text("DBSubnetGroupName", &cluster.subnet_group)
            .text("VpcId", VPC)
            .text("SubnetGroupStatus", "Complete");
    });
    x.list("DBParameterGroups", "DBParameterGroup", [&instance.parameter_group], |x, group| {
        x.text("DBParameterGroupName", group).text("ParameterApplyStatus", "in-sync");
    });
    x.node("PendingModifiedValues", |x| {
        if instance.plain && cluster.password_pending {
            x.text("MasterUserPassword", "****");
        }
    });
    x.node("ReadReplicaDBInstanceIdentifiers", |_| {});
    security_groups(x, &cluster.security_groups);
    tags(x, &instance.tags);
}

/// Writes the description of a snapshot; fields differ between clusters and plain instances.
pub(crate) fn snapshot(x: &mut Xml, snapshot: &LocalSnapshot) {
    if snapshot.plain {
        x.text("DBSnapshotIdentifier", &snapshot.id)
            .text("DBSnapshotArn", snapshot.arn())
            .text("DBInstanceIdentifier", &snapshot.source)
            .text("DbiResourceId", &snapshot.source_resource_id)
            .time("InstanceCreateTime", snapshot.source_created_at)
            .time("OriginalSnapshotCreateTime", snapshot.created_at)
            .text("Encrypted", snapshot.kms_key.is_some())
            .maybe("KmsKeyId", snapshot.kms_key.as_ref());
    } else {
        x.text("DBClusterSnapshotIdentifier", &snapshot.id)
            .text("DBClusterSnapshotArn", snapshot.arn())
            .text("DBClusterIdentifier", &snapshot.source)
            .text("DbClusterResourceId", &snapshot.source_resource_id)
            .time("ClusterCreateTime", snapshot.source_created_at)
            .text("EngineMode", "provisioned")
            .text("StorageEncrypted", false);
        x.list("AvailabilityZones", "AvailabilityZone", [ZONE], Xml::raw);
    }
    x.text("SnapshotType", snapshot.type_word())
        .text("Status", snapshot.status.shown())
        .text("PercentProgress", snapshot.percent)
        .time("SnapshotCreateTime", snapshot.created_at)
        .text("Engine", &snapshot.engine)
        .text("EngineVersion", &snapshot.engine_version)
        .text("LicenseModel", "general-public-license")
        .text("MasterUsername", &snapshot.master_user)
        .text("AllocatedStorage", STORAGE_GIB)
        .text("Port", snapshot.port)
        .text("VpcId", VPC)
        .text("IAMDatabaseAuthenticationEnabled", false);
    tags(x, &snapshot.tags);
}
