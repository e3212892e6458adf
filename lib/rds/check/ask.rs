//! The questions of a check to the service: describe calls only, one for each question, or one for each of its pages.

use std::collections::BTreeSet;

use crate::aws::{CallFailure, Connection, FaultClass};
use crate::document::ResourceKind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subnets {
    pub(super) vpc: String,
    pub(super) zones: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) id: String,
    /// The family that its parameter groups are of.
    pub(super) family: String,
    /// Whether the service calls the version `deprecated`.
    pub(super) retired: bool,
}

/// Whether an instance class can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    /// At least one availability zone offers it.
    Offered,
    /// No availability zone of this region offers it for this version.
    Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountQuota {
    pub(super) name: String,
    pub(super) used: i64,
    pub(super) most: i64,
}

/// The questions that a check asks the service.
pub(super) trait AccountFacts {
    fn subnet_group(&self, name: &str) -> Result<Option<Subnets>, CallFailure>;
    /// The family of a cluster's or an instance's parameter group, if it is there.
    fn group(&self, kind: ResourceKind, name: &str) -> Result<Option<String>, CallFailure>;
    /// The parameters for which a parameter group has a value, by name. Those that are left to the engine are not in it.
    fn parameters(&self, kind: ResourceKind, name: &str) -> Result<Vec<(String, String)>, CallFailure>;
    /// All versions of an engine, in the order in which the service sends them: oldest first.
    fn versions(&self, engine: &str) -> Result<Vec<Version>, CallFailure>;
    fn orderable(&self, engine: &str, version: &str, class: &str) -> Result<Machine, CallFailure>;
    fn quotas(&self) -> Result<Vec<AccountQuota>, CallFailure>;
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// `None` where the service says that there is no such thing: for a check that is an answer.
fn there<T>(answer: Result<T, CallFailure>) -> Result<Option<T>, CallFailure> {
    match answer {
        Err(fault) if fault.class == FaultClass::NotFound => Ok(None),
        other => other.map(Some),
    }
}

impl AccountFacts for Connection {
    fn subnet_group(&self, name: &str) -> Result<Option<Subnets>, CallFailure> {
        let ask = self.client.describe_db_subnet_groups().db_subnet_group_name(name);
        let answer = there(self.run("DescribeDBSubnetGroups", ask.send()))?;
        let found = answer.as_ref().and_then(|answer| answer.db_subnet_groups().first());
        Ok(found.map(|group| {
            let zones = group.subnets().iter().filter_map(|subnet| subnet.subnet_availability_zone()?.name());
            let zones: BTreeSet<&str> = zones.collect();
            Subnets { vpc: text(group.vpc_id()), zones: zones.into_iter().map(str::to_owned).collect() }
        }))
    }

    fn group(&self, kind: ResourceKind, name: &str) -> Result<Option<String>, CallFailure> {
        if kind == ResourceKind::Instance {
            let ask = self.client.describe_db_parameter_groups().db_parameter_group_name(name);
            let answer = there(self.run("DescribeDBParameterGroups", ask.send()))?;
            let found = answer.as_ref().and_then(|answer| answer.db_parameter_groups().first());
            return Ok(found.map(|group| text(group.db_parameter_group_family())));
        }
        let ask = self.client.describe_db_cluster_parameter_groups().db_cluster_parameter_group_name(name);
        let answer = there(self.run("DescribeDBClusterParameterGroups", ask.send()))?;
        let found = answer.as_ref().and_then(|answer| answer.db_cluster_parameter_groups().first());
        Ok(found.map(|group| text(group.db_parameter_group_family())))
    }

    fn parameters(&self, kind: ResourceKind, name: &str) -> Result<Vec<(String, String)>, CallFailure> {
        let set = |one: &aws_sdk_rds::types::Parameter| {
            Some((one.parameter_name()?.to_owned(), one.parameter_value()?.to_owned()))
        };
        if kind == ResourceKind::Instance {
            let pages = self.client.describe_db_parameters().db_parameter_group_name(name);
            let found = pages.into_paginator().items().send().try_collect();
            return Ok(self.run("DescribeDBParameters", found)?.iter().filter_map(set).collect());
        }
        let pages = self.client.describe_db_cluster_parameters().db_cluster_parameter_group_name(name);
        let found = pages.into_paginator().items().send().try_collect();
        Ok(self.run("DescribeDBClusterParameters", found)?.iter().filter_map(set).collect())
    }

    fn versions(&self, engine: &str) -> Result<Vec<Version>, CallFailure> {
        let pages = self.client.describe_db_engine_versions().engine(engine).into_paginator().items().send();
        let found = self.run("DescribeDBEngineVersions", pages.try_collect())?;
        let version = |one: &aws_sdk_rds::types::DbEngineVersion| Version {
            id: text(one.engine_version()),
            family: text(one.db_parameter_group_family()),
            retired: one.status() == Some("deprecated"),
        };
        Ok(found.iter().map(version).collect())
    }

    fn orderable(&self, engine: &str, version: &str, class: &str) -> Result<Machine, CallFailure> {
        let ask = self.client.describe_orderable_db_instance_options().engine(engine).engine_version(version);
        // One option is enough; the service takes no page of fewer than 20.
        let ask = ask.db_instance_class(class).max_records(20);
        let answer = self.run("DescribeOrderableDBInstanceOptions", ask.send())?;
        let there = !answer.orderable_db_instance_options().is_empty();
        Ok(if there { Machine::Offered } else { Machine::Missing })
    }

    fn quotas(&self) -> Result<Vec<AccountQuota>, CallFailure> {
        let answer =
            self.run("DescribeAccountAttributes", self.client.describe_account_attributes().send())?;
        let quota = |one: &aws_sdk_rds::types::AccountQuota| {
            Some(AccountQuota { name: text(one.account_quota_name()), used: one.used()?, most: one.max()? })
        };
        Ok(answer.account_quotas().iter().filter_map(quota).collect())
    }
}
