//! Reads a new cluster, a new instance or a master password from a request.
//!
//! In: a [`Query`]. Out: plain data that is not in the state yet, or the error that the caller gets.

use jiff::Timestamp;

use crate::engine::{self, MASTER};
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::seed::{self, ENGINE, ENGINE_VERSION};
use crate::rds_local::state::home::StoredPassword;
use crate::rds_local::state::model::{ClusterOrigin, LocalCluster, LocalInstance, Status, resource_id};

/// The most days for which automated backups can be kept.
pub(crate) const RETENTION_DAYS_MAX: u32 = 35;

const PROMOTION_TIER_MAX: u32 = 15;

/// Makes a new cluster with the values of the request; all others come from `base`.
pub(crate) fn cluster(query: &Query, base: LocalCluster) -> Result<LocalCluster, ServiceError> {
    let groups = query.list("VpcSecurityGroupIds");
    let capacity = |name: &str| query.parsed::<f64>(&format!("ServerlessV2ScalingConfiguration.{name}"));
    Ok(LocalCluster {
        id: query.new_name("DBClusterIdentifier")?,
        engine_version: query.text_or("EngineVersion", &base.engine_version),
        port: engine::free_port().map_err(|e| ServiceError::internal(&e))?,
        retention_days: query
            .number("BackupRetentionPeriod", 1, RETENTION_DAYS_MAX)?
            .unwrap_or(base.retention_days),
        deletion_protection: query.flag("DeletionProtection")?,
        subnet_group: query.text_or("DBSubnetGroupName", "default"),
        parameter_group: query.text_or("DBClusterParameterGroupName", "default.aurora-mysql8.0"),
        security_groups: if groups.is_empty() { vec!["sg-0default".to_owned()] } else { groups },
        storage_type: query.text_or("StorageType", "aurora"),
        copy_tags: query.flag("CopyTagsToSnapshot")?,
        iam_authentication: query.flag("EnableIAMDatabaseAuthentication")?,
        capacity: capacity("MinCapacity")?.zip(capacity("MaxCapacity")?),
        tags: query.tags(),
        ..base
    })
}

/// Makes a cluster without a name, with default values.
pub(crate) fn blank(plain: bool) -> LocalCluster {
    LocalCluster {
        id: String::new(),
        plain,
        resource_id: resource_id("cluster"),
        engine: ENGINE.to_owned(),
        engine_version: ENGINE_VERSION.to_owned(),
        status: Status::new("creating"),
        port: 0,
        created_at: Timestamp::now(),
        master_user: MASTER.to_owned(),
        password_pending: false,
        password_kept: false,
        deletion_protection: false,
        retention_days: 1,
        subnet_group: String::new(),
        parameter_group: String::new(),
        security_groups: Vec::new(),
        storage_type: String::new(),
        copy_tags: false,
        iam_authentication: false,
        capacity: None,
        replication_source: None,
        clone_group: None,
        origin: ClusterOrigin::Fresh,
        tags: Vec::new(),
    }
}

/// Makes a new instance with the values of the request.
pub(crate) fn instance(
    query: &Query,
    id: &str,
    cluster: &str,
    plain: bool,
) -> Result<LocalInstance, ServiceError> {
    Ok(LocalInstance {
        id: id.to_owned(),
        resource_id: resource_id("db"),
        cluster: cluster.to_owned(),
        plain,
        writer: plain,
        class: query.text_or("DBInstanceClass", "db.t4g.medium"),
        status: Status::new("creating"),
        created_at: Timestamp::now(),
        public: query.flag("PubliclyAccessible")?,
        promotion_tier: query.number("PromotionTier", 0, PROMOTION_TIER_MAX)?.unwrap_or(1),
        parameter_group: query.text_or("DBParameterGroupName", "default.aurora-mysql8.0"),
        tags: query.tags(),
    })
}

/// A new master password, and who made it.
pub(crate) struct NewPassword {
    pub(crate) password: StoredPassword,
    /// True when the service made the password and keeps it in Secrets Manager.
    pub(crate) kept: bool,
}

/// Returns the new master password of a request: the one in it, one that the service makes, or `None`.
pub(crate) fn new_password(query: &Query) -> Result<Option<NewPassword>, ServiceError> {
    match (password(query)?, query.flag("ManageMasterUserPassword")?) {
        (Some(_), true) => Err(ServiceError::combination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
        )),
        (Some(password), false) => Ok(Some(NewPassword { password, kept: false })),
        (None, true) => Ok(Some(NewPassword { password: seed::new_secret(), kept: true })),
        (None, false) => Ok(None),
    }
}

/// Returns the parameter `MasterUserPassword`, if given. Fails if RDS would refuse the password.
pub(crate) fn password(query: &Query) -> Result<Option<StoredPassword>, ServiceError> {
    let Some(password) = query.get("MasterUserPassword") else { return Ok(None) };
    let printable = password.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if !printable || password.contains(['/', '"', '@']) || !(8..=41).contains(&password.len()) {
        return Err(ServiceError::value(
            "The parameter MasterUserPassword is not a valid password. Only 8 to 41 printable ASCII characters besides '/', '@', '\"' may be used.",
        ));
    }
    Ok(Some(StoredPassword(password.to_owned())))
}
