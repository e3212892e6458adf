//! Reads host names of RDS, and checks the URLs of endpoints.
//!
//! In: a host name. Out: whether RDS gave it, and the region that is written in it. In: the text of an endpoint from a flag, a
//! variable or a profile. Out: the URL, or what is wrong with it: the SDK would panic on an empty one and only warn about a
//! malformed one (and then talk to the real service).

/// The ends of RDS host names; the label before the end is the region.
const HOST_END: &[&str] = &[".rds.amazonaws.com", ".rds.amazonaws.com.cn", ".rds.amazonaws.eu"];

/// Whether a host name has the form of those that RDS gives.
pub fn is_rds(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    HOST_END.iter().any(|end| host.ends_with(end))
}

/// The region in the host name of an RDS server: `NAME.RANDOM.REGION.rds.amazonaws.com`.
#[cfg(feature = "aws")]
pub(crate) fn region_of_host(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let rest = HOST_END.iter().find_map(|end| host.strip_suffix(end))?;
    // The endpoint of a global database is in all of its regions.
    rest.rsplit_once('.').map(|(_, region)| region.to_owned()).filter(|region| region != "global")
}

#[cfg(feature = "aws")]
/// Whether an endpoint is on this host: calls to it must not go through a proxy.
pub(crate) fn is_local(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(feature = "aws")]
/// Checks an endpoint (`http://` or `https://`, a host, maybe a port and a path) and returns it without a slash at the end.
pub(crate) fn checked_endpoint(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("the endpoint is empty");
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else { return Err("no http:// or https:// at its beginning") };
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') || text.contains(['?', '#']) || text.contains(char::is_whitespace) {
        return Err("a user, a query or a space does not belong there");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(legal) {
        return Err("no host name");
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("the port is no number from 1 to 65535"),
    }
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
        let sovereign = "prod.abc.eusc-de-east-1.rds.amazonaws.eu";
        assert!(is_rds(sovereign));
        assert_eq!(region_of_host(sovereign).as_deref(), Some("eusc-de-east-1"));
        assert_eq!(region_of_host("dev.global-abc.global.rds.amazonaws.com"), None);
        assert_eq!(region_of_host("127.0.0.1"), None);
    }

    #[test]
    fn a_host_that_is_called_like_this_one_is_another() {
        let local =
            ["http://127.0.0.1:5000", "http://localhost", "https://[::1]:1/path", "http://127.9.9.9/"];
        assert_eq!(local.map(is_local), [true; 4]);
        let others =
            ["https://localhost.example.com", "http://127.example.org:80", "http://[::2]", "localhost:1"];
        assert_eq!(others.map(is_local), [false; 4]);
    }
}
