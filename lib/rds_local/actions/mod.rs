//! The actions of the API, one function each: check the request, change the state, start a job, describe the result.

pub(super) mod clusters;
pub(super) mod events;
pub(super) mod instances;
pub(super) mod plain;
pub(super) mod power;
pub(super) mod render;
pub(super) mod requested;
pub(super) mod restore;
pub(super) mod secret;
pub(super) mod snapshots;
pub(super) mod tags;

use std::sync::Arc;

use super::cloud::LocalCloud;
use crate::rds_local::http::model;
use crate::rds_local::http::query::{Query, ServiceError};
use render::ActionOutcome;

/// Checks a request against the model of the service and performs its action.
pub(crate) fn call(cloud: &Arc<LocalCloud>, query: &Query) -> ActionOutcome {
    model::check(query, cloud.home.program.brand.word())?;
    match query.action() {
        "DescribeDBClusters" => clusters::describe(cloud, query),
        "CreateDBCluster" => clusters::create(cloud, query),
        "ModifyDBCluster" => clusters::modify(cloud, query),
        "DeleteDBCluster" => clusters::delete(cloud, query),
        "StopDBCluster" => power::stop(cloud, query, false),
        "StartDBCluster" => power::start(cloud, query, false),
        "RestoreDBClusterFromSnapshot" => restore::from_snapshot(cloud, query),
        "RestoreDBClusterToPointInTime" => restore::to_point_in_time(cloud, query),
        "DescribeDBInstances" => instances::describe(cloud, query),
        "CreateDBInstance" => instances::create(cloud, query),
        "DeleteDBInstance" => instances::delete(cloud, query),
        "ModifyDBInstance" => plain::modify(cloud, query),
        "RestoreDBInstanceFromDBSnapshot" => plain::restore(cloud, query),
        "RestoreDBInstanceToPointInTime" => plain::to_point_in_time(cloud, query),
        "StopDBInstance" => power::stop(cloud, query, true),
        "StartDBInstance" => power::start(cloud, query, true),
        "DescribeDBClusterSnapshots" => snapshots::describe(cloud, query, false),
        "CreateDBClusterSnapshot" => snapshots::create(cloud, query, false),
        "DeleteDBClusterSnapshot" => snapshots::delete(cloud, query, false),
        "DescribeDBSnapshots" => snapshots::describe(cloud, query, true),
        "CreateDBSnapshot" => snapshots::create(cloud, query, true),
        "CopyDBSnapshot" => snapshots::copy(cloud, query),
        "DeleteDBSnapshot" => snapshots::delete(cloud, query, true),
        "DescribeEvents" => events::describe(cloud, query),
        "ListTagsForResource" => tags::list(cloud, query),
        "AddTagsToResource" => tags::add(cloud, query),
        "RemoveTagsFromResource" => tags::remove(cloud, query),
        other => Err(ServiceError::new(
            400,
            "InvalidAction",
            format!("The action {other} is not valid for this web service."),
        )),
    }
}
