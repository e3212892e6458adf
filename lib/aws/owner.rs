//! Whose server is behind an address: the clusters and instances that have it, with their tags.
//!
//! In: a host and a port. Out: what the service lists under them, the cluster of an instance too. Nothing found may mean
//! another account or region, a custom endpoint or an alias: whoever asks must not take it for a yes.

use crate::document::ResourceKind;
use crate::house::House;
use crate::rds::Thing;

/// What RDS host names end with; the label before it is the region.
pub(crate) const HOST_END: &[&str] = &[".rds.amazonaws.com", ".rds.amazonaws.com.cn"];

/// Whether a host name is one that RDS gave.
pub fn is_rds(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    HOST_END.iter().any(|end| host.ends_with(end))
}

/// Asks the service; the error is a sentence. The region is the host's own, where its name tells it.
#[cfg(feature = "aws")]
pub fn owners(house: &House, host: &str, port: u16) -> Result<Vec<Thing>, String> {
    use crate::rds::{Cloud, Listing};

    let said = |error: crate::rds::Error| crate::document::chain(&error);
    let cloud = super::client::open_for_host(host, house.cancel.clone()).map_err(said)?;
    let list = |kind| cloud.list(kind, Listing::All).map_err(|fault| said(fault.into()));
    let mut things = list(ResourceKind::Cluster)?;
    things.extend(list(ResourceKind::Instance)?);
    Ok(behind(&things, host, port))
}

/// A build without AWS cannot ask.
#[cfg(not(feature = "aws"))]
pub fn owners(_house: &House, _host: &str, _port: u16) -> Result<Vec<Thing>, String> {
    Err("this build has no AWS in it".to_owned())
}

/// Those of `things` that have this address, and the clusters of the instances among them.
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only the SDK can list"))]
pub(super) fn behind(things: &[Thing], host: &str, port: u16) -> Vec<Thing> {
    let named = |thing: &Thing| match endpoint(host) {
        Some((kind, id)) => thing.kind == kind && thing.id.eq_ignore_ascii_case(&id),
        None => false,
    };
    let has = |thing: &&Thing| (thing.port == port && thing.host.eq_ignore_ascii_case(host)) || named(thing);
    let mut found: Vec<Thing> = things.iter().filter(has).cloned().collect();
    let is_parent = |thing: &&Thing| {
        thing.kind == ResourceKind::Cluster
            && found.iter().any(|child| child.parent.as_ref() == Some(&thing.id))
    };
    let parents: Vec<Thing> = things.iter().filter(is_parent).cloned().collect();
    for parent in parents {
        if !found.iter().any(|known| known.kind == parent.kind && known.id == parent.id) {
            found.push(parent);
        }
    }
    found
}

/// What `ID.cluster-ro-RANDOM.REGION.rds.amazonaws.com` and its like are endpoints of; the name of a custom endpoint does
/// not tell.
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only the SDK can list"))]
fn endpoint(host: &str) -> Option<(ResourceKind, String)> {
    if !is_rds(host) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    let (id, place) = (labels.next()?.to_owned(), labels.next()?);
    match place {
        custom if custom.starts_with("cluster-custom-") => None,
        cluster if cluster.starts_with("cluster-") => Some((ResourceKind::Cluster, id)),
        _ => Some((ResourceKind::Instance, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things() -> Vec<Thing> {
        let cluster = Thing {
            host: "prod.cluster-x.eu-west-1.rds.amazonaws.com".to_owned(),
            port: 3306,
            ..Thing::new(ResourceKind::Cluster, "prod")
        };
        let instance = Thing {
            host: "prod-1.x.eu-west-1.rds.amazonaws.com".to_owned(),
            port: 3306,
            parent: Some("prod".to_owned()),
            ..Thing::new(ResourceKind::Instance, "prod-1")
        };
        let local =
            Thing { host: "127.0.0.1".to_owned(), port: 4000, ..Thing::new(ResourceKind::Cluster, "local") };
        vec![cluster, instance, local]
    }

    #[test]
    fn every_endpoint_leads_to_its_cluster_and_an_unknown_one_nowhere() {
        let ids = |host: &str, port| -> Vec<String> {
            behind(&things(), host, port).into_iter().map(|thing| thing.id).collect()
        };
        assert_eq!(ids("PROD.cluster-x.eu-west-1.rds.amazonaws.com", 3306), ["prod"]);
        assert_eq!(ids("prod.cluster-ro-x.eu-west-1.rds.amazonaws.com", 3306), ["prod"]);
        assert_eq!(ids("prod-1.x.eu-west-1.rds.amazonaws.com", 3306), ["prod-1", "prod"]);
        assert_eq!(ids("127.0.0.1", 4000), ["local"]);
        for (host, port) in [
            ("127.0.0.1", 4001),
            ("reports.cluster-custom-x.eu-west-1.rds.amazonaws.com", 3306),
            ("other.x.eu-west-1.rds.amazonaws.com", 3306),
            ("dev3.internal", 3306),
        ] {
            assert!(ids(host, port).is_empty(), "{host}");
        }
    }
}
