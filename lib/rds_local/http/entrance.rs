//! Lets in requests from callers that know the endpoint's URL, and none from web pages.
//!
//! In: the headers and the path of a request. Out: the rest of the path, or why the request is refused. A web page in a browser
//! here can send forms to 127.0.0.1, also by a host name of its own (DNS rebinding). But the page cannot guess a path of 128
//! random bits, the browser adds the header `Origin`, and the page's host name is in the header `Host`.

use std::net::SocketAddr;

use hyper::StatusCode;
use hyper::header::{HOST, HeaderMap, ORIGIN};

/// The host, port and secret path that a request must have to be let in.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    address: SocketAddr,
    secret: String,
}

/// Why a request is refused before its action is read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Turned {
    /// The request has the header `Origin`: a browser sends it for a page.
    #[error("requests of web pages are refused")]
    Page,
    /// The header `Host` does not name this endpoint.
    #[error("this host is called 127.0.0.1 or localhost")]
    Name,
    /// The path does not begin with the secret.
    #[error("nothing is here: the endpoint is the whole URL that rds-local serve prints")]
    Path,
}

impl Turned {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Page => StatusCode::FORBIDDEN,
            Self::Name => StatusCode::MISDIRECTED_REQUEST,
            Self::Path => StatusCode::NOT_FOUND,
        }
    }
}

impl Entrance {
    pub(crate) fn new(address: SocketAddr, secret: String) -> Self {
        Self { address, secret }
    }

    /// Returns the URL of the endpoint, as SDKs take it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}", self.address, self.secret)
    }

    /// Returns the path after the secret (`/`, `/faults`), or why the request is refused.
    pub(super) fn admit<'a>(&self, headers: &HeaderMap, path: &'a str) -> Result<&'a str, Turned> {
        if headers.contains_key(ORIGIN) {
            return Err(Turned::Page);
        }
        let port = self.address.port();
        let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let named = headers.get(HOST).and_then(|host| host.to_str().ok());
        if !named.is_some_and(|host| ours.iter().any(|name| name.eq_ignore_ascii_case(host))) {
            return Err(Turned::Name);
        }
        let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(self.secret.as_str()));
        match rest {
            Some("") => Ok("/"),
            Some(rest) if rest.starts_with('/') => Ok(rest),
            _ => Err(Turned::Path),
        }
    }
}

/// Makes a secret path: 128 random bits, 32 hexadecimal digits.
pub(crate) fn new_secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_was_told_the_endpoint_comes_in_and_no_web_page() {
        let entrance = Entrance::new("127.0.0.1:4566".parse().unwrap(), "s3cret".to_owned());
        let admit = |host: &str, origin: Option<&str>, path| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            entrance.admit(&headers, path)
        };
        assert_eq!(entrance.url(), "http://127.0.0.1:4566/s3cret");
        for (path, rest) in [("/s3cret", "/"), ("/s3cret/", "/"), ("/s3cret/faults", "/faults")] {
            assert_eq!(admit("127.0.0.1:4566", None, path), Ok(rest));
            assert_eq!(admit("LocalHost:4566", None, path), Ok(rest));
        }
        for path in ["/", "", "/faults", "/s3cre", "/s3crets", "/x/s3cret"] {
            assert_eq!(admit("127.0.0.1:4566", None, path), Err(Turned::Path), "{path}");
        }
        for host in ["evil.example:4566", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:4566"] {
            assert_eq!(admit(host, None, "/s3cret"), Err(Turned::Name), "{host}");
        }
        for origin in ["http://evil.example", "null", "http://127.0.0.1:4566"] {
            assert_eq!(admit("127.0.0.1:4566", Some(origin), "/s3cret"), Err(Turned::Page), "{origin}");
        }
        assert_eq!(entrance.admit(&HeaderMap::new(), "/s3cret"), Err(Turned::Name));
        assert_ne!(new_secret(), new_secret());
    }
}
