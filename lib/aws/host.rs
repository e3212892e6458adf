//! What a host name of RDS tells.
//!
//! In: a host name. Out: whether RDS gave it, and the region that is written in it.

/// What RDS host names end with; the label before it is the region.
const HOST_END: &[&str] = &[".rds.amazonaws.com", ".rds.amazonaws.com.cn"];

/// Whether a host name is one that RDS gave.
pub fn is_rds(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    HOST_END.iter().any(|end| host.ends_with(end))
}

/// `NAME.RANDOM.REGION.rds.amazonaws.com`.
#[cfg(feature = "aws")]
pub(crate) fn region_of_host(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let rest = HOST_END.iter().find_map(|end| host.strip_suffix(end))?;
    rest.rsplit_once('.').map(|(_, region)| region.to_owned())
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_where_the_server_is() {
        let host = "prod.cluster-abc.eu-central-1.rds.amazonaws.com";
        assert_eq!(region_of_host(host).as_deref(), Some("eu-central-1"));
        let chinese = "prod.abc.cn-north-1.rds.amazonaws.com.cn";
        assert_eq!(region_of_host(chinese).as_deref(), Some("cn-north-1"));
        assert_eq!(region_of_host("127.0.0.1"), None);
    }
}
