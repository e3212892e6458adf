//! The URL of a service that is not the region's own: a proxy, a stand-in.
//!
//! In: a text from a flag, a variable or a profile. Out: the URL, or what is wrong with it. The SDK would panic on an
//! empty one and only warn about a malformed one (and then talk to the real service).

/// Whether an endpoint is on this host: no proxy then.
pub(crate) fn is_local(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or("", |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// An endpoint: `http://` or `https://`, a host, maybe a port and a path.
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
