//! Finds the clusters and instances that have an address, with their tags.
//!
//! In: a host and a port. Out: the clusters and instances that RDS lists with this address, and the cluster of each instance. An
//! empty answer may mean another account or region, a custom endpoint or an alias: it proves nothing about the server.

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use super::connection::Connection;
use super::error::Error;
use super::fault::{CallFailure, FaultClass};
use super::host::is_rds;
use super::owner::AddressOwner;
use crate::document::{ResourceKind, chain};
use crate::house::House;

/// A cluster or an instance that the service lists, and its address.
#[derive(Debug, Clone)]
struct ListedResource {
    owner: AddressOwner,
    host: String,
    port: Option<i32>,
    parent: Option<String>,
}

/// Asks RDS in the region that the host's name has, else in the configured one. The error is a sentence for people.
pub(crate) fn owners(house: &House, host: &str, port: u16) -> Result<Vec<AddressOwner>, String> {
    let listed = listed(house, host).map_err(|error| chain(&error))?;
    Ok(behind(&listed, host, port))
}

/// All clusters and instances of the account in the host's region.
fn listed(house: &House, host: &str) -> Result<Vec<ListedResource>, Error> {
    let aws = Connection::for_host(host, house.cancel.clone())?;
    let clusters = aws.client.describe_db_clusters().into_paginator().items().send().try_collect();
    let mut all: Vec<ListedResource> =
        known(aws.run("DescribeDBClusters", clusters))?.iter().map(cluster).collect();
    let instances = aws.client.describe_db_instances().into_paginator().items().send().try_collect();
    all.extend(known(aws.run("DescribeDBInstances", instances))?.iter().map(instance));
    Ok(all)
}

/// Turns a "not found" of the service into an empty list.
fn known<T>(answer: Result<Vec<T>, CallFailure>) -> Result<Vec<T>, CallFailure> {
    match answer {
        Err(fault) if fault.class == FaultClass::NotFound => Ok(Vec::new()),
        other => other,
    }
}

fn cluster(of: &DbCluster) -> ListedResource {
    let id = of.db_cluster_identifier().unwrap_or_default();
    ListedResource {
        owner: owner(ResourceKind::Cluster, (id, of.db_cluster_resource_id()), of.tag_list()),
        host: of.endpoint().unwrap_or_default().to_owned(),
        port: of.port(),
        parent: None,
    }
}

fn instance(of: &DbInstance) -> ListedResource {
    let (id, endpoint) = (of.db_instance_identifier().unwrap_or_default(), of.endpoint());
    ListedResource {
        owner: owner(ResourceKind::Instance, (id, of.dbi_resource_id()), of.tag_list()),
        host: endpoint.and_then(|endpoint| endpoint.address()).unwrap_or_default().to_owned(),
        port: endpoint.and_then(aws_sdk_rds::types::Endpoint::port),
        parent: of.db_cluster_identifier().map(str::to_owned),
    }
}

fn owner(kind: ResourceKind, (id, resource_id): (&str, Option<&str>), tags: &[Tag]) -> AddressOwner {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let tags = tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect();
    AddressOwner { kind, id: id.to_owned(), resource_id: text(resource_id), tags }
}

/// The resources of `all` that have this address, and the clusters of the instances among them.
fn behind(all: &[ListedResource], host: &str, port: u16) -> Vec<AddressOwner> {
    let named = |one: &ListedResource| match endpoint(host) {
        Some((kind, id)) => one.owner.kind == kind && one.owner.id.eq_ignore_ascii_case(&id),
        None => false,
    };
    let has = |one: &&ListedResource| {
        (one.port == Some(i32::from(port)) && one.host.eq_ignore_ascii_case(host)) || named(one)
    };
    let found: Vec<&ListedResource> = all.iter().filter(has).collect();
    let is_parent = |one: &&ListedResource| {
        one.owner.kind == ResourceKind::Cluster
            && found.iter().any(|child| child.parent.as_ref() == Some(&one.owner.id))
    };
    let mut owners: Vec<AddressOwner> = found.iter().map(|one| one.owner.clone()).collect();
    for parent in all.iter().filter(is_parent) {
        if !owners.iter().any(|known| known.kind == parent.owner.kind && known.id == parent.owner.id) {
            owners.push(parent.owner.clone());
        }
    }
    owners
}

/// The cluster or instance that is named in an endpoint such as `ID.cluster-ro-RANDOM.REGION.rds.amazonaws.com`, if one is.
fn endpoint(host: &str) -> Option<(ResourceKind, String)> {
    if !is_rds(host) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    let (id, place) = (labels.next()?.to_owned(), labels.next()?);
    match place {
        // A custom endpoint, a proxy, the writer of a global database: the first label is not the name of a cluster or instance.
        other if ["cluster-custom-", "proxy-", "global-"].iter().any(|word| other.starts_with(word)) => None,
        cluster if cluster.starts_with("cluster-") => Some((ResourceKind::Cluster, id)),
        _ => Some((ResourceKind::Instance, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(kind: ResourceKind, id: &str, host: &str, port: i32) -> ListedResource {
        ListedResource {
            owner: owner(kind, (id, None), &[]),
            host: host.to_owned(),
            port: Some(port),
            parent: None,
        }
    }

    fn all() -> Vec<ListedResource> {
        let end = "x.eu-west-1.rds.amazonaws.com";
        let instance = listed(ResourceKind::Instance, "prod-1", &format!("prod-1.{end}"), 3306);
        vec![
            listed(ResourceKind::Cluster, "prod", &format!("prod.cluster-{end}"), 3306),
            ListedResource { parent: Some("prod".to_owned()), ..instance },
            listed(ResourceKind::Cluster, "local", "127.0.0.1", 4000),
        ]
    }

    #[test]
    fn every_endpoint_leads_to_its_cluster_and_an_unknown_one_nowhere() {
        let ids = |host: &str, port| -> Vec<String> {
            behind(&all(), host, port).into_iter().map(|owner| owner.id).collect()
        };
        assert_eq!(ids("PROD.cluster-x.eu-west-1.rds.amazonaws.com", 3306), ["prod"]);
        assert_eq!(ids("prod.cluster-ro-x.eu-west-1.rds.amazonaws.com", 3306), ["prod"]);
        assert_eq!(ids("prod-1.x.eu-west-1.rds.amazonaws.com", 3306), ["prod-1", "prod"]);
        assert_eq!(ids("127.0.0.1", 4000), ["local"]);
        for (host, port) in [
            ("127.0.0.1", 4001),
            ("reports.cluster-custom-x.eu-west-1.rds.amazonaws.com", 3306),
            // Endpoints of a proxy and of a global database, not of the instance with the same name.
            ("prod-1.proxy-x.eu-west-1.rds.amazonaws.com", 3306),
            ("prod-1.global-x.global.rds.amazonaws.com", 3306),
            ("other.x.eu-west-1.rds.amazonaws.com", 3306),
            ("dev3.internal", 3306),
        ] {
            assert!(ids(host, port).is_empty(), "{host}");
        }
    }
}
